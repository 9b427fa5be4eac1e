#!/usr/bin/env bash
# Unpacks a MariaDB server into DIR, beside the system: without root, without
# installing or starting anything. DIR/bin/mariadbd and DIR/bin/mariadb run it.
# A second call returns at once, and two calls at the same time do the work
# once.
set -euo pipefail
export LC_ALL=C

readonly name=mariadb program=mariadbd
readonly suites=bookworm pattern='^mariadb-server-core$' pinned=1:10.11.18-0+deb12u1 series=1:10.11.

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
