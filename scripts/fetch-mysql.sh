#!/usr/bin/env bash
# Unpacks a MySQL server into DIR, beside the system: with its own C library,
# without root, without installing or starting anything. DIR/bin/mysqld and
# DIR/bin/mysql run it. A second call returns at once, and two calls at the
# same time do the work once.
#
# The packages come from the Debian or Ubuntu archive that this system's apt
# already uses, checked by apt against the archive's signature. Debian carries
# MySQL only in its development suite, sid; Ubuntu in every release.
set -euo pipefail
export LC_ALL=C

# The version that the project is tested with; the newest of its major series
# takes its place once the archive has moved on.
readonly PINNED=9.7.4-2

say() { printf 'mysql: %s\n' "$*" >&2; }
die() {
  say "$1"
  cat >&2 <<'HELP'
Telltale needs a MySQL server, 8.0.14 or newer, and could not fetch one. Either
  install it:         sudo apt-get install mysql-server     (Ubuntu)
                      brew install mysql                    (macOS)
  or point to yours:  export TELLTALE_MYSQLD=/path/to/mysqld
HELP
  exit 1
}

# main holds DIR.lock while it works, so that a second call waits for it.
main() {
  if (($# != 1)); then
    echo "usage: fetch-mysql.sh DIR" >&2
    exit 2
  fi
  if [[ -e $1/.fetched ]]; then return; fi
  require_tools
  set_architecture
  local dir
  dir=$(realpath -m -- "$1")
  mkdir -p "$(dirname "$dir")"
  exec 9>"$dir.lock"
  if ! flock -n 9; then
    say "another process is fetching it; waiting"
    flock 9
  fi
  if [[ -e $dir/.fetched ]]; then return; fi
  if ! rmdir "$dir" 2>/dev/null && [[ -e $dir ]]; then
    die "$dir exists and was not made by this script; remove it first"
  fi
  fetch "$dir"
}

require_tools() {
  local tool
  for tool in apt-get apt-cache dpkg dpkg-deb flock realpath mktemp find; do
    command -v "$tool" >/dev/null || die "$tool is not on this system, so there is no apt archive to fetch from"
  done
}

# set_architecture names what differs between processors: the triplet of the
# library folders and the dynamic loader.
set_architecture() {
  arch=$(dpkg --print-architecture)
  case $arch in
    amd64) triplet=x86_64-linux-gnu loader=ld-linux-x86-64.so.2 ;;
    arm64) triplet=aarch64-linux-gnu loader=ld-linux-aarch64.so.1 ;;
    *) die "no server is known for the $arch architecture, only for amd64 and arm64" ;;
  esac
}

# fetch does the work in a folder of its own beside DIR and renames it at the
# end, so that DIR is whole whenever it exists.
fetch() {
  local dir=$1
  work=$(mktemp -d -- "$dir.XXXXXX")
  trap 'rm -rf -- "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  prepare_apt
  say "reading the package lists"
  apt_get update -qq >"$work/log" 2>&1 || show_log_and_die "the package lists cannot be read"
  choose_version
  say "downloading $package $version with its libraries (about 100 MB)"
  apt_get install --yes --quiet --download-only --no-install-recommends \
    "$package=$version" "${client[@]}" >"$work/log" 2>&1 || show_log_and_die "$package $version cannot be downloaded"
  say "unpacking"
  unpack "$work/root"
  mv -T -- "$work/root" "$dir"
  say "$package $version is in $dir"
}

show_log_and_die() {
  tail -n 20 "$work/log" >&2
  die "$1"
}

# prepare_apt makes an apt of our own: own lists, own cache and an empty
# package status, so that the whole closure down to the C library is fetched
# and the system's apt is neither read-locked nor changed.
prepare_apt() {
  mkdir -p "$work"/{lists/partial,archives/partial,root}
  : >"$work/status"
  options=(
    -o "Dir::State=$work" -o "Dir::State::lists=$work/lists" -o "Dir::State::status=$work/status"
    -o "Dir::State::extended_states=$work/extended_states"
    -o "Dir::Cache=$work" -o "Dir::Cache::archives=$work/archives"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" -o Acquire::Languages=none
    -o Debug::NoLocking=true -o APT::Get::List-Cleanup=false -o Acquire::Retries=3
  )
  # As root, apt hands downloads to a user who may not enter our folder.
  if ((EUID == 0)); then options+=(-o APT::Sandbox::User=root); fi
  if is_like ubuntu; then return; fi
  is_like debian || die "this is neither Debian nor Ubuntu"
  debian_source >"$work/sources.list"
  options+=(-o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=-)
}

apt_get() { apt-get "${options[@]}" "$@"; }
apt_cache() { apt-cache "${options[@]}" "$@"; }

# is_like tells whether this system is the named one or derived from it.
is_like() {
  local like
  like=$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID:-}" "${ID_LIKE:-}")
  [[ " $like " == *" $1 "* ]]
}

# debian_source prints the sources line of sid at the mirror that the system
# uses.
debian_source() {
  local uri keyring
  uri=$(debian_mirror)
  keyring=$(debian_keyring)
  # Without a keyring of its own, apt checks against all keys that it trusts.
  printf 'deb %s%s sid main\n' "${keyring:+[signed-by=$keyring] }" "${uri:-http://deb.debian.org/debian}"
}

# debian_mirror prints where the system gets Debian's main component from, or
# nothing. apt itself reads its sources, whichever format they are in, and
# prints the files that an update would fetch.
debian_mirror() {
  local codename
  codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-sid}")
  apt-get update --print-uris -o Debug::NoLocking=true 2>/dev/null |
    sed -nE "s#^'(.*debian.*)/dists/($codename|stable|testing|unstable|sid)/main/binary-.*#\\1#p" |
    head -n 1 || true
}

# debian_keyring prints the file with the archive's keys: one that the apt
# sources name, or one where Debian's package puts it, or nothing.
debian_keyring() {
  {
    grep -rhoiE 'signed-by *[:=] *[^] ,]+' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
      sed -E 's/^[^:=]*[:=] *//' | grep -i '^/.*debian-archive'
    find /usr/share/keyrings /etc/apt/keyrings -name 'debian-archive-keyring.*' 2>/dev/null | sort
  } | while read -r file; do
    if [[ -r $file ]]; then printf '%s\n' "$file"; fi
  done | head -n 1 || true
}

# choose_version sets package, version and client: the pinned version where
# the archive has it, otherwise the newest of the same major series, otherwise
# (Ubuntu) the newest server that there is.
choose_version() {
  local candidates
  candidates=$(apt_cache search --names-only '^mysql-server-core(-[0-9.]+)?$' | awk '{ print $1 }' |
    while read -r name; do
      apt_cache madison "$name" | awk -F' *[|] *' '{ gsub(/ /, "", $1); print $1, $2 }'
    done | sort -u)
  local pinned_series=${PINNED%%.*}
  local chosen
  chosen=$(awk -v v="$PINNED" '$2 == v' <<<"$candidates" | head -n 1)
  if [[ -z $chosen ]]; then
    chosen=$(awk -v s="$pinned_series." 'index($2, s) == 1' <<<"$candidates" | sort -k2,2V | tail -n 1)
  fi
  if [[ -z $chosen ]] && is_like ubuntu; then
    chosen=$(sort -k2,2V <<<"$candidates" | tail -n 1)
  fi
  if [[ -z $chosen ]]; then
    die "the archive has no MySQL $pinned_series.x server (it offers: ${candidates//$'\n'/, })"
  fi
  read -r package version <<<"$chosen"
  if [[ $version != "$PINNED" ]]; then say "the archive no longer has $PINNED; taking $version"; fi
  client=("${package/server/client}=$version")
}

# unpack extracts every package into its argument, adds the launchers, and
# leaves the stamp that makes the next call return at once.
unpack() {
  local root=$1 deb
  for deb in "$work"/archives/*.deb; do
    dpkg-deb --extract "$deb" "$root"
  done
  rm -rf -- "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/locale"
  local loader_path
  loader_path=$(cd "$root" && find . -name "$loader" -type f | head -n 1)
  [[ -n $loader_path ]] || die "the packages hold no $loader"
  mkdir -p "$root/bin"
  launcher "$loader_path" usr/sbin/mysqld >"$root/bin/mysqld"
  launcher "$loader_path" usr/bin/mysql >"$root/bin/mysql"
  chmod +x "$root"/bin/*
  "$root/bin/mysqld" --no-defaults --version >/dev/null 2>"$work/log" || show_log_and_die "the unpacked server does not run"
  printf '%s %s\n' "$package" "$version" >"$root/.fetched"
}

# launcher prints a script that becomes the program $2, run by the loader $1
# with the unpacked libraries. Nothing in it depends on where DIR is.
launcher() {
  cat <<LAUNCHER
#!/bin/sh
root=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")
libraries=
for folder in usr/lib/$triplet lib/$triplet usr/lib/mysql/private usr/lib/mysql; do
  libraries=\$libraries\${libraries:+:}\$root/\$folder
done
exec "\$root/${1#./}" --library-path "\$libraries" "\$root/$2" "\$@"
LAUNCHER
}

main "$@"
