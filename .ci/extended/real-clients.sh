#!/usr/bin/env bash
# Triton's and KServe's own Python clients against the built server. Needs Python 3 and its package index.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v python3 >/dev/null; then
  echo 'skipped: there is no python3 here'
  exit 0
fi
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
if ! "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r test/clients/requirements.txt; then
  echo 'skipped: the Python package index cannot be reached'
  exit 0
fi
source .ci/server.sh
failed=0
for script in triton_http triton_aio triton_grpc kserve_sdk; do
  (cd test/clients && "$work/venv/bin/python" "$script.py") || failed=1
done
exit "$failed"
