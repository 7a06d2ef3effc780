{{- define "trackerbell.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* 52 characters leave room for the longest suffix, "-headless". */}}
{{- define "trackerbell.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "trackerbell.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Selectors cannot be changed later: the component leaves room for others. */}}
{{- define "trackerbell.selectorLabels" -}}
app.kubernetes.io/name: {{ include "trackerbell.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{- define "trackerbell.labels" -}}
{{ include "trackerbell.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* metadata of an object: (list $ suffix annotations) */}}
{{- define "trackerbell.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "trackerbell.fullname" $root }}{{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels: {{- include "trackerbell.labels" $root | nindent 2 }}
{{- with index . 2 }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "trackerbell.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "trackerbell.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{- define "trackerbell.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* metadata of an object that others select by labels: (list $ suffix labels) */}}
{{- define "trackerbell.labelled" -}}
{{- $root := index . 0 -}}
name: {{ include "trackerbell.fullname" $root }}{{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels: {{- include "trackerbell.labels" $root | nindent 2 }}
{{- with index . 2 }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
The source that helm test posts to. Only a generic one that is signed can be
signed for without a provider's recording.
*/}}
{{- define "trackerbell.testSource" -}}
{{- range .Values.config.sources -}}
{{- if and (eq .provider "generic") (not .insecure) }}{{ .name }}{{ break }}{{ end -}}
{{- end -}}
{{- end }}

{{/* What owns the number of pods, if the chart does not. */}}
{{- define "trackerbell.autoscaled" -}}
{{- if or .Values.autoscaling.enabled .Values.keda.enabled }}true{{ end -}}
{{- end }}

{{/* What both containers of the test have. */}}
{{- define "trackerbell.testContainer" -}}
image: {{ include "trackerbell.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  - name: TRACKERBELL_CONFIG
    value: /etc/trackerbell/trackerbell.yaml
securityContext: {{- toYaml .Values.securityContext | nindent 2 }}
resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 128Mi}}
volumeMounts:
  - {name: config, mountPath: /etc/trackerbell, readOnly: true}
  - {name: test, mountPath: /test, readOnly: true}
{{- end }}
