#!/usr/bin/env bash
# The page at / in a real browser, with the keyboard. Needs Chromium, which it installs where it is root on Debian.
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
export BROWSER
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT
source .ci/server.sh
node test/clients/home-page.js
