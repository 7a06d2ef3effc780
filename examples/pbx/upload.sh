#!/bin/sh
# Sends a finished recording to trackerbell, signed, and tries again while
# trackerbell cannot be reached.
#   usage: upload.sh FILE ID [FROM [TO [DIRECTION]]]
# BELL_SOURCE is the source's URL (https://calls.example.com/webhooks/pbx)
# and BELL_SECRET_FILE the file with its secret. DIRECTION is inbound or
# outbound. Needs curl 7.71 or later and openssl.
set -eu

file=$1 id=$2 from=${3:-} to=${4:-} direction=${5:-}
secret=$(cat "${BELL_SECRET_FILE:-/etc/trackerbell/secret}")

[ -s "$file" ] || { echo "$file is empty: nothing was recorded" >&2; exit 0; }

# encode is percent-encoding: numbers begin with a plus.
encode() {
	printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'
}

query="from=$(encode "$from")&to=$(encode "$to")&direction=$(encode "$direction")"
signature=$(openssl dgst -sha256 -hmac "$secret" -hex "$file" | sed 's/.* //')

exec curl --globoff --silent --show-error --fail-with-body --retry 8 --retry-all-errors --max-time 7200 \
	--upload-file "$file" --header "X-Signature-256: sha256=$signature" \
	"${BELL_SOURCE:-http://127.0.0.1:8080/webhooks/pbx}/$(encode "$id")/media?$query"
