#!/usr/bin/env bash
# The pages at / and /docs in a real browser, with and without a key. Needs Chromium, which it installs where it is root on Debian.
set -euo pipefail
cd "$(dirname "$0")/../.."
find_browser () { command -v chromium || command -v chromium-browser || command -v google-chrome; }
if ! find_browser >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 || true
fi
if ! BROWSER=$(find_browser); then
  echo 'skipped: there is no Chromium here, and it cannot be installed'
  exit 0
fi
export BROWSER API_KEY=a-key-for-the-pages
source .ci/server.sh
trap stop_servers EXIT
API_KEYS=$API_KEY start_server
export GUARDED_HTTP=$SERVER_HTTP
start_server
failed=0
for page in home-page docs-page; do
  node "test/clients/$page.js" || failed=1
done
exit "$failed"
