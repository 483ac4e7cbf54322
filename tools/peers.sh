#!/bin/sh
# Tests connectors against real servers: installs a Tryton, a Synapse and a PDS, runs the connector's test and the journey through the pages
# with each, and stops them. Says loudly which could not be installed. PEERS is the folder they are kept in.
set -u
folder=${PEERS:-target/peers}
port=${PEERS_PORT:-18733}
patience=${PEERS_PATIENCE:-900}
names="tryton synapse pds"
begun=$(date +%s)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
export TENON_PEERS="$folder"
status=0

port_of() {
  case $1 in tryton) echo "$port" ;; synapse) echo $((port + 1)) ;; pds) echo $((port + 2)) ;; esac
}
title_of() {
  case $1 in tryton) echo Tryton ;; synapse) echo Synapse ;; pds) echo "PDS of Bluesky" ;; esac
}
not_tested() { echo "*** NOT TESTED with a real $(title_of "$1"): $2 ***"; }
since() { echo $(($(date +%s) - begun)); }

# What it lacks on this machine, if anything.
lacks() {
  case $1 in
    tryton | synapse) python3 -c 'import venv, ensurepip' 2>/dev/null || echo "python3-venv is not installed" ;;
    pds)
      command -v npm >/dev/null 2>&1 || echo "npm is not installed"
      { command -v c++ && command -v make && command -v python3; } >/dev/null 2>&1 || echo "there is no compiler, make or Python to build its SQLite with"
      ;;
  esac
}

answers() {
  python3 -c "import http.client as h; c = h.HTTPConnection('127.0.0.1', $(port_of "$1"), timeout=5); c.request('GET', '/'); c.getresponse()" 2>/dev/null
}

stop() {
  for name in $names; do
    [ ! -f "$folder/$name/pid" ] || kill "$(cat "$folder/$name/pid")" 2>/dev/null
    rm -f "$folder/$name/pid"
  done
}
trap stop EXIT
# What a PDS keeps belongs to a directory that may be gone.
stored="${TMPDIR:-/tmp}/tenon-pds-$(port_of pds)"
[ ! -f "$stored/data/postmaster.pid" ] || kill -INT "$(head -n 1 "$stored/data/postmaster.pid")" 2>/dev/null
rm -rf "$folder/pds/data" "$stored"
trap 'exit 1' INT TERM

# All are installed and started side by side, and tested one after the other, when nothing else takes time.
up=""
for name in $names; do
  lack=$(lacks "$name" | head -1)
  [ -z "$lack" ] || { not_tested "$name" "$lack"; continue; }
  if answers "$name"; then
    not_tested "$name" "something else listens on port $(port_of "$name"); set PEERS_PORT"
    continue
  fi
  mkdir -p "$folder/$name"
  sh "tools/$name.sh" "$folder/$name" "$(port_of "$name")" >"$folder/$name.log" 2>&1 &
  echo $! >"$folder/$name/pid"
  up="$up $name"
done

ready=""
for name in $up; do
  until answers "$name"; do
    kill -0 "$(cat "$folder/$name/pid")" 2>/dev/null || { tail -n 5 "$folder/$name.log"; not_tested "$name" "it could not be installed or started"; continue 2; }
    [ "$(since)" -lt "$patience" ] || { tail -n 5 "$folder/$name.log"; not_tested "$name" "it did not answer within $patience seconds"; kill "$(cat "$folder/$name/pid")" 2>/dev/null; continue 2; }
    sleep 1
  done
  ready="$ready $name"
  echo "A real $(title_of "$name") answers after $(since) s"
done

journeys=""
for name in $ready; do
  case $name in tryton) journey=tryton ;; synapse) journey=matrix ;; pds) journey=bluesky ;; esac
  journeys="$journeys journeys/$journey.test.mjs"
  variable=TENON_$(echo "$name" | tr '[:lower:]' '[:upper:]')
  export "$variable=http://127.0.0.1:$(port_of "$name")"
  cargo test --locked -p connectors --test "$name" || status=1
done
if [ -n "${TENON_PDS:-}" ]; then
  if TENON_APPVIEW=$(cat "$folder/pds/appview" 2>/dev/null); then export TENON_APPVIEW; else
    unset TENON_APPVIEW
    echo "*** NOT TESTED with a real AppView of Bluesky: PostgreSQL is not installed, or it did not start ***"
  fi
fi
# The journeys mostly wait for the next look at a channel, so they run side by side.
[ -z "$journeys" ] || (cd e2e && node --test --test-concurrency=3 --test-reporter=spec $journeys) || status=1
echo "Real servers: $(since) s"
exit $status
