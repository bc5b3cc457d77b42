#!/usr/bin/env bash
# deploy/nginx.conf in a real nginx, in front of the built server. Where there is none, Debian's is unpacked for the time of the test.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
server= proxy=
# The server may be stopped, and then only SIGKILL ends it.
trap '[ -z "$proxy" ] || kill "$proxy" 2>/dev/null || true; [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
PATH="$PATH:/usr/sbin:$work/debian/usr/sbin"
if ! command -v nginx >/dev/null && command -v apt-get >/dev/null; then
  # Not installed, which would start it on port 80.
  { [ "$(id -u)" != 0 ] || apt-get update -qq; (cd "$work" && apt-get download -qq nginx && dpkg -x nginx_*.deb debian); } >/dev/null 2>&1 || true
fi
if ! nginx -v 2>/dev/null; then
  echo 'skipped: there is no nginx here, and it cannot be had'
  exit 0
fi

source .ci/server.sh
start_server
# bash would report its end.
disown "$server"
read -r http grpc < <(free_ports)
mkdir "$work/temp"
# Other addresses and folders, and limits that a test can reach. A directive that is not found stays as it is, and the test fails.
sed -e "s|server model-server:8080;|server $SERVER_HTTP;|" -e "s|server model-server:8081;|server $SERVER_GRPC;|" \
  -e "s|listen 80;|listen 127.0.0.1:$http;|" -e "s|listen 8081 |listen 127.0.0.1:$grpc |" \
  -e "s|/var/log/nginx/|$work/|" -e 's|rate=200r/s|rate=1r/m|' -e 's|burst=400|burst=60|' -e 's|proxy_read_timeout 35s|proxy_read_timeout 1s|' \
  -e "s|^http {|&$(printf " %s_temp_path $work/temp/%s;" client_body client proxy proxy fastcgi fastcgi uwsgi uwsgi scgi scgi)|" \
  deploy/nginx.conf >"$work/nginx.conf"
# As root the workers have another user.
chmod 755 "$work"
nginx -p "$work" -e stderr -c "$work/nginx.conf" -g "daemon off; pid $work/nginx.pid; error_log $work/error.log;" &
proxy=$!
for _ in $(seq 100); do
  [ -s "$work/nginx.pid" ] && break
  sleep 0.1
done
if ! SERVER_HTTP="127.0.0.1:$http" SERVER_GRPC="127.0.0.1:$grpc" SERVER_PID=$server node test/clients/nginx.js; then
  cat "$work/error.log"
  exit 1
fi
