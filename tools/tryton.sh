#!/bin/sh
# A real Tryton with its CRM, for the tests of the connector: installs it once into a folder, fills a database, serves it until stopped.
#   tools/tryton.sh FOLDER PORT      then: TENON_TRYTON=http://127.0.0.1:PORT cargo test -p connectors --test tryton
# The database is `crm`; its people are admin and rep, both with the password in TRYTON_PASSWORD ("tenon-test-only" where it is not set).
set -eu

folder=${1:?a folder to keep it in}
port=${2:?a port}
password=${TRYTON_PASSWORD:-tenon-test-only}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

if [ ! -x "$folder/venv/bin/trytond" ]; then
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install -q "trytond>=8.2,<8.3" "trytond_sale_opportunity>=8.2,<8.3" "proteus>=8.2,<8.3"
fi

cat >"$folder/trytond.conf" <<END
[database]
uri = sqlite://
path = $folder/data
[web]
listen = 127.0.0.1:$port
END

if [ ! -e "$folder/filled" ]; then
  rm -rf "$folder/data"
  mkdir "$folder/data"
  : >"$folder/data/crm.sqlite"
  printf '%s' "$password" >"$folder/password"
  TRYTONPASSFILE="$folder/password" "$folder/venv/bin/trytond-admin" -c "$folder/trytond.conf" -d crm --all --email admin@example.org -p
  rm "$folder/password"
  "$folder/venv/bin/trytond-admin" -c "$folder/trytond.conf" -d crm -u sale_opportunity --activate-dependencies
  TRYTON_PASSWORD="$password" "$folder/venv/bin/python" "$here/tryton_fill.py" "$folder/trytond.conf"
  : >"$folder/filled"
fi

exec "$folder/venv/bin/trytond" -c "$folder/trytond.conf" -d crm
