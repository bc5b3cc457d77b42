# Builds the server and starts it on free ports; to be sourced in the project's folder. Sets server, SERVER_HTTP and SERVER_GRPC.
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
