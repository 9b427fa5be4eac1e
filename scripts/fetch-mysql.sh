#!/usr/bin/env bash
# Unpacks a MySQL server into DIR, beside the system: without root, without
# installing or starting anything. DIR/bin/mysqld and DIR/bin/mysql run it. A
# second call returns at once, and two calls at the same time do the work once.
#
# Debian carries MySQL only in its development suite, sid; Ubuntu in every
# release.
set -euo pipefail
export LC_ALL=C

readonly name=mysql program=mysqld
readonly suites=sid pattern='^mysql-server-core(-[0-9.]+)?$' pinned=9.7.4-2 series=9.

if [[ $(type -t fetch_main) != function ]]; then
  . "$(dirname -- "${BASH_SOURCE[0]}")/fetch-frame.sh"
  . "$(dirname -- "${BASH_SOURCE[0]}")/fetch-debs.sh"
fi

help() {
  cat <<'HELP'
Telltale needs a MySQL server, 8.0.14 or newer, and could not fetch one. Either
  install it:         sudo apt-get install mysql-server     (Ubuntu)
                      brew install mysql                    (macOS)
  or point to yours:  export TELLTALE_MYSQLD=/path/to/mysqld
HELP
}

companions() { printf '%s=%s' "${package/server/client}" "$version"; }

launchers() {
  launcher usr/sbin/mysqld >"$work/root/bin/mysqld"
  launcher usr/bin/mysql >"$work/root/bin/mysql"
}

fetch_main "$@"
