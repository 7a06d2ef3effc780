#!/bin/sh
# Sends a finished recording to trackerbell, signed, and tries again while
# trackerbell cannot be reached.
#   usage: upload.sh FILE ID [NAME=VALUE…]
# The names are those of the generic webhook: from, to, direction (inbound or
# outbound), agent, startedAt, durationSeconds, channels, and the source's
# labelsFromQuery. One without a value is left out.
#
# BELL_SOURCE is the source's URL (https://calls.example.com/webhooks/pbx), else
# the content of /etc/trackerbell/source. BELL_SECRET_FILE is the file with its
# secret, else /etc/trackerbell/secret. Needs curl 7.71 or later and openssl.
set -eu

: "${2:?usage: upload.sh FILE ID [NAME=VALUE…]}"
file=$1 id=$2
shift 2
source=${BELL_SOURCE:-$(cat /etc/trackerbell/source)}
secret=$(cat "${BELL_SECRET_FILE:-/etc/trackerbell/secret}")

[ -s "$file" ] || { echo "$file is empty: nothing was recorded" >&2; exit 0; }

# encode is percent-encoding: numbers begin with a plus.
encode() {
	printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'
}

query=
for field in "$@"; do
	[ -z "${field#*=}" ] || query="$query&$(encode "${field%%=*}")=$(encode "${field#*=}")"
done
signature=$(openssl dgst -sha256 -hmac "$secret" -hex "$file" | sed 's/.* //')

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# What trackerbell refuses, for a wrong secret for instance, it refuses again. What
# may pass, curl tries again for half a minute, and this loop for half an hour.
for pause in 5 30 120 300 900 0; do
	failed=0
	status=$(curl --globoff --silent --show-error --retry 6 --retry-connrefused --max-time 7200 \
		--output "$answer" --write-out '%{http_code}' \
		--upload-file "$file" --header "X-Signature-256: sha256=$signature" \
		"$source/$(encode "$id")/media?${query#&}") || failed=$?
	case $failed:$status in
	0:2*)
		cat "$answer"
		exit 0
		;;
	*:000 | *:[12]* | *:408 | *:429 | *:5*) [ "$pause" -gt 0 ] || break ;;
	*) break ;;
	esac
	sleep "$pause"
done
cat "$answer" >&2
echo "$file is not sent: HTTP status $status" >&2
exit 22
