#!/bin/sh
# Prints what is said in a WAV file (16 kHz, mono) as WebVTT, as engine.command
# wants it. PocketSphinx is small and quick, and good enough for clear English;
# for real calls use Whisper.
#
#   apt-get install pocketsphinx pocketsphinx-en-us
set -eu

words=$(pocketsphinx_continuous -infile "$1" -time yes -logfn "$1.log") || {
	tail -n 3 "$1.log" >&2
	exit 1
}

# Each utterance is followed by its words, their times and their scores.
printf '%s\n' "$words" | awk '
	function clock(t) {
		return sprintf("%02d:%02d:%06.3f", t / 3600, t % 3600 / 60, t % 60)
	}
	BEGIN { print "WEBVTT" }
	NF != 4 || $2 !~ /^[0-9.]+$/ { next }            # the utterance as a whole
	$1 == "<s>" { text = ""; next }
	$1 == "</s>" {
		if (text != "") printf "\n%s --> %s\n%s\n", clock(start), clock(end), text
		next
	}
	$1 ~ /^[<\[+]/ { next }                          # silence and noise
	{
		sub(/\([0-9]+\)$/, "", $1)                   # the second way to say it
		if (text == "") { start = $2; text = $1 } else text = text " " $1
		end = $3
	}'
