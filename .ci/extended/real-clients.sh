#!/usr/bin/env bash
# Triton's and KServe's own Python clients against the built server. Needs Python 3 and its package index.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source .ci/python.sh test/clients/requirements.txt
source .ci/server.sh
trap 'stop_servers; rm -rf "$work"' EXIT
REPOSITORY_CONTROL=true start_server
failed=0
for script in triton_http triton_aio triton_grpc kserve_sdk; do
  (cd test/clients && "$python" "$script.py") || failed=1
done
exit "$failed"
