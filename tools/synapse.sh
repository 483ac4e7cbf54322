#!/bin/sh
# A real homeserver of Matrix, for the tests of the connector: installs Synapse once into a folder and serves it until stopped. Anybody may
# register, and its limits are high; what was said stays in the folder.
#   tools/synapse.sh FOLDER PORT     then: TENON_SYNAPSE=http://127.0.0.1:PORT cargo test -p connectors --test synapse
set -eu

version=1.163.0
folder=${1:?a folder to keep it in}
port=${2:?a port}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

if [ "$(cat "$folder/installed" 2>/dev/null)" != "$version" ]; then
  rm -rf "$folder/venv"
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install -q "matrix-synapse==$version"
  printf '%s' "$version" >"$folder/installed"
fi

cat >"$folder/homeserver.yaml" <<END
server_name: tenon.test
pid_file: $folder/its.pid
signing_key_path: $folder/signing.key
media_store_path: $folder/media
database: {name: sqlite3, args: {database: $folder/homeserver.db}}
listeners: [{port: $port, type: http, bind_addresses: [127.0.0.1], resources: [{names: [client]}]}]
trusted_key_servers: []
suppress_key_server_warning: true
report_stats: false
presence: {enabled: false}
enable_registration: true
enable_registration_without_verification: true
rc_message: &high {per_second: 10000, burst_count: 10000}
rc_registration: *high
rc_joins: {local: *high, remote: *high}
rc_joins_per_room: *high
rc_invites: {per_room: *high, per_user: *high, per_issuer: *high}
rc_room_creation: *high
rc_login: {address: *high, account: *high, failed_attempts: *high}
END

cd "$folder"
"$folder/venv/bin/python" -m synapse.app.homeserver -c homeserver.yaml --generate-keys
exec "$folder/venv/bin/python" -m synapse.app.homeserver -c homeserver.yaml
