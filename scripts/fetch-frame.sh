# The frame of the scripts that fetch a server: sourced, not run. The script
# names what it fetches in `name`, and defines
#   help           prints what to do where it cannot be fetched,
#   require_tools  ends the script where a program is missing that it needs,
#   fetch_into     puts the server into the new folder "$work/root".

say() { printf '%s: %s\n' "$name" "$*" >&2; }
die() {
  say "$1"
  help >&2
  exit 1
}

# need ends the script where one of the programs is missing, with a reason
# that follows the program's name.
need() {
  local reason=$1 tool
  shift
  for tool in "$@"; do
    command -v "$tool" >/dev/null || die "$tool $reason"
  done
}

show_log_and_die() {
  tail -n 20 "$work/log" >&2
  die "$1"
}

# fetch_main fetches into DIR, the script's one argument. It holds DIR.lock
# while it works, so that a second call waits for it, and returns at once where
# DIR is there already.
fetch_main() {
  if (($# != 1)); then
    echo "usage: fetch-$name.sh DIR" >&2
    exit 2
  fi
  if [[ -e $1/.fetched ]]; then return; fi
  require_tools
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
  # The work is done in a folder of its own beside DIR, which is renamed at the
  # end, so that DIR is whole whenever it exists.
  work=$(mktemp -d -- "$dir.XXXXXX")
  trap 'rm -rf -- "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  mkdir -p "$work/root"
  fetch_into
  mv -T -- "$work/root" "$dir"
  say "$(cat "$dir/.fetched") is in $dir"
}
