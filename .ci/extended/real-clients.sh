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
if ! python3 -m venv "$work/venv"; then
  echo 'skipped: this python3 cannot make an environment (on Debian: python3-venv)'
  exit 0
fi
if ! "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r test/clients/requirements.txt; then
  echo 'skipped: the Python packages cannot be had'
  exit 0
fi
source .ci/server.sh
export PYTHONDONTWRITEBYTECODE=1
failed=0
for script in triton_http triton_aio triton_grpc kserve_sdk; do
  (cd test/clients && "$work/venv/bin/python" "$script.py") || failed=1
done
exit "$failed"
