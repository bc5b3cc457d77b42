#!/usr/bin/env bash
# The exporters' own tests, and the examples from training to the served answer. Needs Python 3 and its package index.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source .ci/python.sh exporters/requirements.txt
export PYTHON=$python
(cd exporters && "$python" -W ignore -m unittest)
npx tap --disable-coverage --jobs=1 test/exporters/example.test.ts
