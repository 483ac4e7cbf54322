#!/bin/sh
# Tests connectors against real servers: starts a Tryton of its own, runs the connector's test and the journey through the pages, and stops it.
# Says loudly when it could not be installed. PEERS is the folder it is kept in.
set -u
folder=${PEERS:-target/peers}
port=${PEERS_PORT:-18733}
mkdir -p "$folder"
log="$folder/tryton.log"
not_tested() { echo "*** NOT TESTED with a real Tryton: $1 ***"; exit 0; }

python3 -c 'import venv, ensurepip' 2>/dev/null || not_tested "python3-venv is not installed"
sh tools/tryton.sh "$folder/tryton" "$port" >"$log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null' EXIT INT TERM
tries=0
until python3 -c "import http.client as h; c = h.HTTPConnection('127.0.0.1', $port, timeout=5); c.request('GET', '/'); c.getresponse()" 2>/dev/null; do
  kill -0 $server 2>/dev/null || { tail -5 "$log"; not_tested "it could not be installed or started"; }
  tries=$((tries + 1))
  [ $tries -lt 300 ] || { tail -5 "$log"; not_tested "it did not answer within five minutes"; }
  sleep 1
done

export TENON_TRYTON="http://127.0.0.1:$port"
status=0
cargo test --locked -p connectors --test tryton || status=1
(cd e2e && node --test --test-reporter=spec journeys/tryton.test.mjs) || status=1
exit $status
