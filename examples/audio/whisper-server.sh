#!/bin/sh
# Runs the server of whisper.cpp (https://github.com/ggml-org/whisper.cpp) where
# trackerbell-whisper.yaml expects it. The model is one of those that its
# models/download-ggml-model.sh fetches; small.en is a good start on a CPU.
#
#   usage: whisper-server.sh [models/ggml-small.en.bin]
set -eu
exec whisper-server --model "${1:-models/ggml-small.en.bin}" \
	--host 127.0.0.1 --port 8000 --inference-path /v1/audio/transcriptions
