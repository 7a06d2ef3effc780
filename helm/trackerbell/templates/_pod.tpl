{{/* The pod, the same in a StatefulSet and in a Deployment. */}}
{{- define "trackerbell.pod" -}}
metadata:
  labels:
    {{- /* Without the chart's version, which would restart pods for nothing. */}}
    {{- include "trackerbell.selectorLabels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ list (include "trackerbell.config" .) .Values.trackers | toJson | sha256sum }}
    {{- /* Of what was given: a generated secret never changes. */}}
    checksum/secrets: {{ .Values.secrets | toJson | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "trackerbell.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  securityContext: {{- toYaml .Values.podSecurityContext | nindent 4 }}
  containers:
    - name: trackerbell
      image: {{ include "trackerbell.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve]
      env:
        - name: TRACKERBELL_CONFIG
          value: /etc/trackerbell/trackerbell.yaml
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: public
          containerPort: 8080
        - name: admin
          containerPort: 8081
      startupProbe:
        httpGet:
          path: /healthz
          port: admin
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet:
          path: /healthz
          port: admin
        timeoutSeconds: 3
      readinessProbe:
        httpGet:
          path: /readyz
          port: admin
        periodSeconds: 5
        timeoutSeconds: 3
      lifecycle:
        preStop:
          sleep:
            seconds: {{ .Values.preStopSleepSeconds }}
      resources: {{- toYaml .Values.resources | nindent 8 }}
      securityContext: {{- toYaml .Values.securityContext | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/trackerbell
          readOnly: true
        - name: data
          mountPath: /var/lib/trackerbell
        - name: tmp
          mountPath: /tmp
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      projected:
        defaultMode: 0440
        sources: {{- include "trackerbell.projections" . | nindent 10 }}
    - name: data
      {{- if and (not .Values.nats.url) .Values.persistence.enabled }}
      persistentVolumeClaim:
        claimName: {{ .Values.persistence.existingClaim | default (printf "%s-data" (include "trackerbell.fullname" .)) }}
      {{- else }}
      emptyDir: {}
      {{- end }}
    - name: tmp
      emptyDir: {}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* What stands under /etc/trackerbell: the configuration and secrets/NAME. */}}
{{- define "trackerbell.projections" -}}
{{- $own := list -}}
- configMap:
    name: {{ include "trackerbell.fullname" . }}
{{- range $name, $secret := include "trackerbell.secrets" . | fromYaml }}
{{- if $secret.existingSecret }}
- secret:
    name: {{ $secret.existingSecret }}
    items:
      - key: {{ $secret.key | default $name }}
        path: secrets/{{ $name }}
{{- else }}
{{- $own = append $own $name }}
{{- end }}
{{- end }}
{{- with $own }}
- secret:
    name: {{ include "trackerbell.fullname" $ }}
    items:
      {{- range . }}
      - key: {{ . }}
        path: secrets/{{ . }}
      {{- end }}
{{- end }}
{{- end }}

{{/*
The pod of the engine: that of the server with another command and port, and
without the listeners' probes.
*/}}
{{- define "trackerbell.enginePod" -}}
{{- $pod := include "trackerbell.pod" . | replace "component: server" "component: engine" | fromYaml -}}
{{- $container := first $pod.spec.containers -}}
{{- $probe := dict "tcpSocket" (dict "port" "engine") "periodSeconds" 5 -}}
{{- $_ := set $container "name" "engine" -}}
{{- $_ := set $container "args" (list "engine" "--addr" ":8090") -}}
{{- $_ := set $container "ports" (list (dict "name" "engine" "containerPort" 8090)) -}}
{{- $_ := set $container "resources" .Values.engine.resources -}}
{{- $_ := set $container "readinessProbe" $probe -}}
{{- $_ := set $container "livenessProbe" $probe -}}
{{- $_ := unset $container "startupProbe" -}}
{{- toYaml $pod -}}
{{- end }}
