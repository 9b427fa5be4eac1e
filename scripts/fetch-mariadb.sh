#!/usr/bin/env bash
# Unpacks a MariaDB server into DIR, beside the system: without root, without
# installing or starting anything. DIR/bin/mariadbd and DIR/bin/mariadb run it.
# A second call returns at once, and two calls at the same time do the work
# once. MARIADB_SERIES is 10.11, unless told otherwise, or 11.8.
set -euo pipefail
export LC_ALL=C

readonly name=mariadb program=mariadbd
case ${MARIADB_SERIES:=10.11} in
  10.11) readonly suites=bookworm pinned=1:10.11.18-0+deb12u1 ;;
  11.8) readonly suites=trixie pinned=1:11.8.6-0+deb13u1 ;;
  *)
    echo "MARIADB_SERIES is $MARIADB_SERIES, and must be 10.11 or 11.8" >&2
    exit 2
    ;;
esac
readonly pattern='^mariadb-server-core$' series=1:$MARIADB_SERIES.

if [[ $(type -t fetch_main) != function ]]; then
  . "$(dirname -- "${BASH_SOURCE[0]}")/fetch-frame.sh"
  . "$(dirname -- "${BASH_SOURCE[0]}")/fetch-debs.sh"
fi

help() {
  cat <<'HELP'
Telltale needs a MariaDB server, 10.11 or newer, and could not fetch one. Either
  install it:         sudo apt-get install mariadb-server   (Debian, Ubuntu)
                      brew install mariadb                  (macOS)
  or point to yours:  export TELLTALE_MARIADBD=/path/to/mariadbd
HELP
}

companions() { printf 'mariadb-client-core=%s' "$version"; }

launchers() {
  # It looks for its messages and plugins where it was built to be installed.
  launcher usr/sbin/mariadbd '--basedir="$root/usr"' >"$work/root/bin/mariadbd"
  launcher usr/bin/mariadb >"$work/root/bin/mariadb"
}

fetch_main "$@"
