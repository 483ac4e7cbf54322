#!/bin/sh
# Installs what the tests need on a Debian machine, and says loudly what it could not. With `peers`, what real servers are installed with.
set -u

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo -n "$@"; else return 1; fi
}

need=""
if [ "${1:-}" = peers ]; then
  python3 -c 'import venv, ensurepip' 2>/dev/null || need="$need python3-venv"
  { command -v c++ && command -v make; } >/dev/null 2>&1 || need="$need build-essential"
fi
command -v chromium >/dev/null 2>&1 || [ -x /usr/bin/chromium ] || need="$need chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need="$need postgresql"
[ -x /usr/sbin/dovecot ] || [ -x /usr/local/sbin/dovecot ] || need="$need dovecot-imapd"
[ -n "$need" ] || exit 0

if command -v apt-get >/dev/null 2>&1; then
  as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $need >/dev/null
fi

status=0
for tool in $need; do
  case $tool in
    chromium) [ -x /usr/bin/chromium ] || { echo "*** Chromium is missing: the journeys in the browser cannot run. Install it and set CHROMIUM to its path."; status=1; } ;;
    dovecot-imapd) [ -x /usr/sbin/dovecot ] || echo "*** Dovecot is missing: fetching answers from a mailbox is tested with a stand-in only." ;;
    postgresql) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || echo "*** PostgreSQL is missing: the store is tested on SQLite only." ;;
  esac
done
exit $status
