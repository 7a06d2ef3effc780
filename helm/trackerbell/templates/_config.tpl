{{/*
The secrets by name, as YAML: {value} or {existingSecret, key} as the values
give them, or {generate: token | webhook} where the chart makes one.
*/}}
{{- define "trackerbell.secrets" -}}
{{- $secrets := dict -}}
{{- range $name, $secret := .Values.secrets -}}
{{- if and (not $secret.value) (not $secret.existingSecret) -}}
{{- fail (printf "secrets.%s: set value or existingSecret" $name) -}}
{{- end -}}
{{- $_ := set $secrets $name $secret -}}
{{- end -}}
{{- if not (hasKey $secrets "admin-token") -}}
{{- $_ := set $secrets "admin-token" (dict "generate" "token") -}}
{{- end -}}
{{- range .Values.config.sources -}}
{{- $name := printf "source-%s" .name -}}
{{- if not (or (hasKey $secrets $name) .secretFile .insecure) -}}
{{- if ne .provider "generic" -}}
{{- fail (printf "secrets.%s: required, because source %q verifies the webhooks of %s with it" $name .name .provider) -}}
{{- end -}}
{{- $_ := set $secrets $name (dict "generate" "webhook") -}}
{{- end -}}
{{- end -}}
{{- if and .Values.engine.enabled (not (hasKey $secrets "engine-app-secret")) -}}
{{- $_ := set $secrets "engine-app-secret" (dict "generate" "token") -}}
{{- end -}}
{{- with .Values.nats.existingSecret -}}
{{- $_ := set $secrets "nats-creds" (dict "existingSecret" . "key" $.Values.nats.existingSecretKey) -}}
{{- end -}}
{{- toYaml $secrets -}}
{{- end }}

{{/* trackerbell.yaml: the values' config with what the chart decides. */}}
{{- define "trackerbell.config" -}}
{{- include "trackerbell.validate" . -}}
{{- $config := deepCopy .Values.config -}}
{{- $dir := "/etc/trackerbell/secrets" -}}
{{- $secrets := include "trackerbell.secrets" . | fromYaml -}}
{{- $keys := dict
      "admin-token" (list "admin" "tokenFile")
      "admin-viewer-token" (list "admin" "viewerTokenFile")
      "slack-token" (list "slack" "tokenFile")
      "slack-signing-secret" (list "slack" "signingSecretFile")
      "symbl-app-secret" (list "symbl" "appSecretFile")
      "engine-app-secret" (list "engine" "appSecretFile")
      "nats-creds" (list "nats" "credsFile") -}}
{{- $made := dict
      "server" (dict "addr" ":8080")
      "admin" (dict "addr" ":8081")
      "nats" (dict "dataDir" "/var/lib/trackerbell/data")
      "symbl" dict "engine" dict "slack" dict -}}
{{- with .Values.nats.url }}{{ $_ := set $made.nats "url" . }}{{ end -}}
{{- with .Values.trackers }}{{ $_ := set $made "trackers" "/etc/trackerbell/trackers.yaml" }}{{ end -}}
{{- with include "trackerbell.publicURL" . }}{{ $_ := set $made.server "publicURL" . }}{{ end -}}
{{- range $name, $key := $keys -}}
{{- if hasKey $secrets $name -}}
{{- $_ := set (get $made (first $key)) (last $key) (printf "%s/%s" $dir $name) -}}
{{- end -}}
{{- end -}}
{{- if .Values.engine.enabled -}}
{{- $_ := set $made.engine "appId" "trackerbell" -}}
{{- $made = mergeOverwrite $made (dict "symbl" (dict "appId" "trackerbell"
      "baseURL" (printf "http://%s-engine:8090" (include "trackerbell.fullname" .))
      "appSecretFile" (printf "%s/engine-app-secret" $dir))) -}}
{{- end -}}
{{- if hasKey $secrets "openai-api-key" -}}
{{- $_ := set $made.engine "openai" (dict "apiKeyFile" (printf "%s/openai-api-key" $dir)) -}}
{{- end -}}
{{- range $config.sources -}}
{{- $name := printf "source-%s" .name -}}
{{- if hasKey $secrets $name -}}
{{- $_ := set . "secretFile" (printf "%s/%s" $dir $name) -}}
{{- end -}}
{{- end -}}
{{- range $section, $keys := $made -}}
{{- if not $keys }}{{ $_ := unset $made $section }}{{ end -}}
{{- end -}}
{{- mergeOverwrite $config $made | toYaml -}}
{{- end }}

{{/*
The address that providers call, when the chart can know it. A host with `*` is
no address.
*/}}
{{- define "trackerbell.publicURL" -}}
{{- $hosts := concat (ternary .Values.ingress.hosts list .Values.ingress.enabled) (ternary .Values.httpRoute.hostnames list .Values.httpRoute.enabled) -}}
{{- if dig "server" "publicURL" "" .Values.config -}}
{{- .Values.config.server.publicURL -}}
{{- else -}}
{{- range $hosts -}}
{{- if not (contains "*" .) }}{{ printf "https://%s" . }}{{ break }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Values that would be overruled in silence, or leak, are errors. */}}
{{- define "trackerbell.validate" -}}
{{- $v := .Values -}}
{{- $name := include "trackerbell.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- fail (printf "fullnameOverride: %q, made from the release's name, is no name for a Service; set one of lower case letters, digits and dashes that begins with a letter" $name) -}}
{{- end -}}
{{- if ge (int $v.preStopSleepSeconds) (int $v.terminationGracePeriodSeconds) -}}
{{- fail (printf "preStopSleepSeconds: %v leaves the program no time within terminationGracePeriodSeconds, %v; keep it well below" $v.preStopSleepSeconds $v.terminationGracePeriodSeconds) -}}
{{- end -}}
{{- if and (not $v.nats.url) (gt (int $v.replicaCount) 1) -}}
{{- fail "replicaCount: more than one pod needs nats.url, because the embedded NATS has one store" -}}
{{- end -}}
{{- range $key := list "autoscaling" "keda" "engine" -}}
{{- if and (get $v $key).enabled (not $v.nats.url) -}}
{{- fail (printf "%s.enabled: needs nats.url, because the embedded NATS has one store and one pod" $key) -}}
{{- end -}}
{{- end -}}
{{- range $key := list "autoscaling" "keda" -}}
{{- $scaler := get $v $key -}}
{{- if and $scaler.enabled (gt (int $scaler.minReplicas) (int $scaler.maxReplicas)) -}}
{{- fail (printf "%s.minReplicas: %v is more than %s.maxReplicas, %v; lower one or raise the other" $key $scaler.minReplicas $key $scaler.maxReplicas) -}}
{{- end -}}
{{- end -}}
{{- if and $v.autoscaling.enabled $v.keda.enabled -}}
{{- fail "keda.enabled: set either autoscaling or keda, not both: two would fight over the number of pods" -}}
{{- end -}}
{{- if and $v.keda.enabled (not $v.keda.prometheusAddress) -}}
{{- fail "keda.prometheusAddress: required, the consumers' lag is read there" -}}
{{- end -}}
{{- if and $v.engine.enabled (dig "symbl" "baseURL" "" $v.config) -}}
{{- fail "engine.enabled: config.symbl.baseURL names another Symbl; keep one" -}}
{{- end -}}
{{- if and $v.trackers (or $v.engine.enabled (dig "symbl" "baseURL" "" $v.config)) -}}
{{- fail "trackers: only defined with the engine inside the pods; use trackerbell trackers apply" -}}
{{- end -}}
{{- if and $v.nats.existingSecret (not $v.nats.url) -}}
{{- fail "nats.existingSecret: only used with nats.url" -}}
{{- end -}}
{{- if contains "@" $v.nats.url -}}
{{- fail "nats.url: holds a user, password or token, which the ConfigMap would show; set nats.existingSecret to a Secret with a credentials file, or give the whole URL as TRACKERBELL_NATS_URL in extraEnv, from a Secret, and here without them" -}}
{{- end -}}
{{- if or $v.nats.url (not $v.persistence.enabled) -}}
{{- with $v.persistence.existingClaim -}}
{{- fail (printf "persistence.existingClaim: %q is not used with nats.url, nor without persistence.enabled; leave it empty" .) -}}
{{- end -}}
{{- if not $v.config.sources -}}
{{- fail "config.sources: empty, and without a disk each pod would make a secret of its own for the source calls, and forget it; name one, such as {name: calls, provider: generic}" -}}
{{- end -}}
{{- end -}}
{{- range $path, $instead := dict
      "server.addr" "service.port"
      "admin.addr" "adminService.port"
      "nats.url" "nats.url"
      "nats.dataDir" "persistence"
      "nats.credsFile" "nats.existingSecret"
      "admin.token" "secrets.admin-token"
      "admin.viewerToken" "secrets.admin-viewer-token"
      "slack.token" "secrets.slack-token"
      "slack.signingSecret" "secrets.slack-signing-secret"
      "symbl.appSecret" "secrets.symbl-app-secret"
      "engine.appSecret" "secrets.engine-app-secret" -}}
{{- $section := get $v.config (splitList "." $path | first) | default dict -}}
{{- if hasKey $section (splitList "." $path | last) -}}
{{- fail (printf "config.%s: set %s instead" $path $instead) -}}
{{- end -}}
{{- end -}}
{{- if dig "engine" "openai" "apiKey" "" $v.config -}}
{{- fail "config.engine.openai.apiKey: set secrets.openai-api-key instead" -}}
{{- end -}}
{{- if $v.config.trackers -}}
{{- fail "config.trackers: set trackers instead" -}}
{{- end -}}
{{- range $v.config.destinations -}}
{{- if .secret -}}
{{- fail (printf "config.destinations: the secret of %q belongs in secrets; refer to it by secretFile" .name) -}}
{{- end -}}
{{- if and .url (eq (default "" .type) "slackWebhook") -}}
{{- fail (printf "config.destinations: the url of %q is a secret and belongs in secrets; refer to it by urlFile" .name) -}}
{{- end -}}
{{- end -}}
{{- $names := list -}}
{{- range $v.config.sources -}}
{{- $names = append $names (printf "source-%s" .name) -}}
{{- if or .secret .secrets -}}
{{- fail (printf "config.sources: the secret of %q belongs in secrets.source-%s" .name .name) -}}
{{- end -}}
{{- if or (dig "credentials" "password" "" .) (dig "credentials" "token" "" .) -}}
{{- fail (printf "config.sources: the credentials of %q belong in secrets; refer to them by passwordFile or tokenFile" .name) -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := $v.secrets -}}
{{- if and (hasPrefix "source-" $name) (not (has $name $names)) -}}
{{- fail (printf "secrets.%s: config.sources has no source of that name" $name) -}}
{{- end -}}
{{- end -}}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) -}}
{{- fail "ingress.hosts: at least one is needed" -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs: at least one is needed" -}}
{{- end -}}
{{- end }}
