# What the scripts have in common that fetch a server from the Debian or Ubuntu
# archive that this system's apt already uses, checked by apt against the
# archive's signature: sourced behind fetch-frame.sh. The server runs with its
# own C library, beside the system. The script sets
#   suites    the suites of Debian that carry the server,
#   pattern   the names of its package, an extended regular expression,
#   pinned    the version that the project is tested with; where the archive
#             has moved on, the newest of `series` takes its place,
#   series    the beginning of the versions that will do,
#   program   the server's name in bin,
# and defines
#   companions  prints what else to download, with $package and $version set,
#   launchers   writes the programs into "$work/root/bin" by launcher.

require_tools() {
  need "is not on this system, so there is no apt archive to fetch from" \
    apt-get apt-cache dpkg dpkg-deb flock realpath mktemp find
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

fetch_into() {
  local extra
  set_architecture
  prepare_apt
  say "reading the package lists"
  apt_get update -qq >"$work/log" 2>&1 || show_log_and_die "the package lists cannot be read"
  choose_version
  read -ra extra <<<"$(companions)"
  say "downloading $package $version with its libraries (about 100 MB)"
  apt_get install --yes --quiet --download-only --no-install-recommends \
    "$package=$version" "${extra[@]}" >"$work/log" 2>&1 || show_log_and_die "$package $version cannot be downloaded"
  say "unpacking"
  unpack
}

# prepare_apt makes an apt of our own: own lists, own cache and an empty
# package status, so that the whole closure down to the C library is fetched
# and the system's apt is neither read-locked nor changed.
prepare_apt() {
  mkdir -p "$work"/{lists/partial,archives/partial}
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

# debian_source prints the sources lines of the suites at the mirror that the
# system uses.
debian_source() {
  local uri keyring suite
  uri=$(debian_mirror)
  keyring=$(debian_keyring)
  # Without a keyring of its own, apt checks against all keys that it trusts.
  for suite in $suites; do
    printf 'deb %s%s %s main\n' "${keyring:+[signed-by=$keyring] }" "${uri:-http://deb.debian.org/debian}" "$suite"
  done
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

# choose_version sets package and version: the pinned version where the archive
# has it, otherwise the newest of its series, otherwise (Ubuntu) the newest
# server that there is.
choose_version() {
  local candidates chosen
  candidates=$(apt_cache search --names-only "$pattern" | awk '{ print $1 }' |
    while read -r one; do
      apt_cache madison "$one" | awk -F' *[|] *' '{ gsub(/ /, "", $1); print $1, $2 }'
    done | sort -u)
  chosen=$(awk -v v="$pinned" '$2 == v' <<<"$candidates" | head -n 1)
  if [[ -z $chosen ]]; then
    chosen=$(awk -v s="$series" 'index($2, s) == 1' <<<"$candidates" | sort -k2,2V | tail -n 1)
  fi
  if [[ -z $chosen ]] && is_like ubuntu; then
    chosen=$(sort -k2,2V <<<"$candidates" | tail -n 1)
  fi
  if [[ -z $chosen ]]; then
    die "the archive has no server of version $series (it offers: ${candidates//$'\n'/, })"
  fi
  read -r package version <<<"$chosen"
  if [[ $version != "$pinned" ]]; then say "the archive no longer has $pinned; taking $version"; fi
}

# unpack extracts every package, adds the launchers, and leaves the stamp that
# makes the next call return at once.
unpack() {
  local root=$work/root deb
  for deb in "$work"/archives/*.deb; do
    dpkg-deb --extract "$deb" "$root"
  done
  rm -rf -- "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/locale"
  loader_path=$(cd "$root" && find . -name "$loader" -type f | head -n 1)
  [[ -n $loader_path ]] || die "the packages hold no $loader"
  mkdir -p "$root/bin"
  launchers
  chmod +x "$root"/bin/*
  "$root/bin/$program" --no-defaults --version >/dev/null 2>"$work/log" || show_log_and_die "the unpacked server does not run"
  printf '%s %s\n' "$package" "$version" >"$root/.fetched"
}

# launcher prints a script that becomes the program $1, run by the loader with
# the unpacked libraries and the arguments $2 behind the caller's. Nothing in it
# depends on where DIR is.
launcher() {
  cat <<LAUNCHER
#!/bin/sh
root=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")
libraries=
for folder in usr/lib/$triplet lib/$triplet usr/lib/mysql/private usr/lib/mysql; do
  libraries=\$libraries\${libraries:+:}\$root/\$folder
done
exec "\$root/${loader_path#./}" --library-path "\$libraries" "\$root/$1" "\$@"${2:+ $2}
LAUNCHER
}
