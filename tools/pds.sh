#!/bin/sh
# A real personal data server of the AT Protocol, for the tests of the connector: installs it once into a folder, which builds its SQLite, and
# serves it until stopped; with an AppView where PostgreSQL is installed, whose name it writes to FOLDER/appview. The six ports above it are taken too.
#   tools/pds.sh FOLDER PORT         then: TENON_PDS=http://127.0.0.1:PORT cargo test -p connectors --test pds
set -eu

folder=${1:?a folder to keep it in}
port=${2:?a port}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

if ! cmp -s "$here/pds/package-lock.json" "$folder/installed"; then
  rm -f "$folder/installed"
  cp "$here/pds/package.json" "$here/pds/package-lock.json" "$here/pds/.npmrc" "$folder"
  # The headers that came with Node, where they are, so that nothing more is fetched to build with.
  headers=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  [ ! -f "$headers/include/node/node.h" ] || export npm_config_nodedir="$headers"
  (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error)
  cp "$folder/package-lock.json" "$folder/installed"
fi

cp "$here"/pds/*.js "$folder"
cd "$folder"
exec node serve.js "$folder" "$port"
