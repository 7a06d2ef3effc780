#!/bin/sh
# From two spoken sentences to the alert: makes a call of two channels with the
# voices of flite, sends it to a trackerbell that it starts, and waits until the
# alert is printed.
#
#   usage: run.sh [trackerbell-whisper.yaml]
#   needs: go, curl, ffmpeg, flite, and pocketsphinx or the whisper server
set -eu
cd "$(dirname "$0")"
config=${1:-trackerbell.yaml}
work=$(mktemp -d)
service=
trap 'if [ -n "$service" ]; then kill "$service"; wait "$service" || true; fi; rm -rf "$work"' EXIT

echo "The agent:  I can offer you a discount if you book today."
flite -voice slt -t "I can offer you a discount if you book today." -o "$work/agent.wav"
echo "The caller: I lost my debit card and I want to cancel my account."
flite -voice rms -t "I lost my debit card and I want to cancel my account." -o "$work/caller.wav"
# Channel 1 is the agent; the caller, on channel 2, answers after four seconds.
ffmpeg -nostdin -loglevel error -i "$work/agent.wav" -i "$work/caller.wav" -filter_complex \
	"[0]apad=whole_dur=9[a];[1]adelay=4000,apad=whole_dur=9[c];[a][c]join=inputs=2:channel_layout=stereo" \
	"$work/call.wav"

go build -o "$work/trackerbell" ../../cmd/trackerbell
TRACKERBELL_NATS_DATADIR=$work/data "$work/trackerbell" serve --config "$config" >"$work/out" 2>"$work/log" &
service=$!
until curl -sf -o "$work/ready" http://127.0.0.1:8081/readyz; do
	kill -0 "$service" || { cat "$work/log" >&2; exit 1; }
	sleep 0.2
done

# A recording may also be named by its address: see docs/webhooks.md.
curl -sf -T "$work/call.wav" -H "Authorization: Bearer the-secret-of-this-example" \
	-H "Content-Type: audio/wav" "http://127.0.0.1:8080/webhooks/calls/call-1/media?channels=2&agent=Anna"

tries=0
until grep -q "calls.call-1" "$work/out"; do
	tries=$((tries + 1))
	if [ "$tries" -gt 600 ]; then
		echo "no alert came; the log says:" >&2
		cat "$work/log" >&2
		exit 1
	fi
	sleep 0.2
done
echo
tail -n +2 "$work/out"
