#!/usr/bin/env bash
# Builds a server that speaks S3 into DIR, for tests: DIR/bin/versitygw. Go
# fetches its source and checks it. It installs and starts nothing. A second call
# returns at once, and two calls at the same time do the work once.
set -euo pipefail
export LC_ALL=C

# The version that the project is tested with.
readonly GATEWAY=v1.8.0

readonly name=s3 title="Versity S3 Gateway $GATEWAY"

. "$(dirname -- "${BASH_SOURCE[0]}")/fetch-frame.sh"

help() { say "$title is built by Go from github.com/versity/versitygw"; }

require_tools() { need "is not installed, or not on PATH" go flock realpath mktemp; }

# It is built outside of the module, whose dependencies it must not change.
fetch_into() {
  say "building $title, which takes a minute or two"
  (cd "$work" && GOFLAGS='' GOBIN="$work/root/bin" go install "github.com/versity/versitygw/cmd/versitygw@$GATEWAY") \
    >"$work/log" 2>&1 || show_log_and_die "$title cannot be built"
  "$work/root/bin/versitygw" --version >"$work/log" 2>&1 || show_log_and_die "$title does not run"
  printf '%s\n' "$title" >"$work/root/.fetched"
}

fetch_main "$@"
