# Builds the server; to be sourced in the project's folder. `start_server` then starts it on free ports, with the variables that stand before it, and
# sets server, SERVER_HTTP and SERVER_GRPC; `stop_servers` ends all that were started.
npm run --silent build
PATH="$PWD/node_modules/.bin:$PATH"
servers=

# Prints two ports that are free.
free_ports () {
  node -e "
    const net = require('node:net')
    const open = () => new Promise((resolve) => { const s = net.createServer().listen(0, '127.0.0.1', () => resolve(s)) })
    Promise.all([open(), open()]).then((servers) => { console.log(servers.map((s) => s.address().port).join(' ')); servers.forEach((s) => s.close()) })"
}

start_server () {
  local http grpc
  read -r http grpc < <(free_ports)
  PORT=$http GRPC_PORT=$grpc LOG_LEVEL=error node dist/server.js &
  server=$!
  servers="$servers $server"
  export SERVER_HTTP="127.0.0.1:$http" SERVER_GRPC="127.0.0.1:$grpc"
  for _ in $(seq 100); do
    node -e "fetch('http://$SERVER_HTTP/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))" && break
    sleep 0.1
  done
}

stop_servers () {
  [ -z "$servers" ] || kill $servers 2>/dev/null || true
}
