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
npm run --silent build
PATH="$PWD/node_modules/.bin:$PATH"
read -r http grpc < <(node -e "
  const net = require('node:net')
  const open = () => new Promise((resolve) => { const s = net.createServer().listen(0, '127.0.0.1', () => resolve(s)) })
  Promise.all([open(), open()]).then((servers) => { console.log(servers.map((s) => s.address().port).join(' ')); servers.forEach((s) => s.close()) })")
PORT=$http GRPC_PORT=$grpc REPOSITORY_CONTROL=true LOG_LEVEL=error node dist/server.js &
server=$!
export SERVER_HTTP="127.0.0.1:$http" SERVER_GRPC="127.0.0.1:$grpc"
for _ in $(seq 100); do
  node -e "fetch('http://$SERVER_HTTP/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))" && break
  sleep 0.1
done
failed=0
for script in triton_http triton_aio triton_grpc kserve_sdk; do
  (cd test/clients && "$work/venv/bin/python" "$script.py") || failed=1
done
exit "$failed"
