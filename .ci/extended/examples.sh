#!/usr/bin/env bash
# The exporters' own tests, and the examples from training to the served answer. Needs Python 3 and its package index.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v python3 >/dev/null; then
  echo 'skipped: there is no python3 here'
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! python3 -m venv "$work/venv"; then
  echo 'skipped: this python3 cannot make an environment (on Debian: python3-venv)'
  exit 0
fi
if ! "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r exporters/requirements.txt; then
  echo 'skipped: the Python packages cannot be had'
  exit 0
fi
export PYTHON="$work/venv/bin/python" PYTHONDONTWRITEBYTECODE=1
(cd exporters && "$PYTHON" -W ignore -m unittest)
npx tap --disable-coverage --jobs=1 test/exporters/example.test.ts
