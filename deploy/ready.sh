#!/usr/bin/env bash
# Says whether the stage in this container can make progress: status 0 when its
# /readyz answers 200. Prints what it answered, the reasons where it is not ready.
# Bash alone, since the image holds no HTTP client.
set -euo pipefail

listen=${TELLTALE_OPS_LISTEN:?is not set, so metrics and health are nowhere known to be}
host=${listen%:*}
port=${listen##*:}

exec 3<>"/dev/tcp/${host:-127.0.0.1}/$port"
printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3
answer=$(cat <&3)
printf '%s\n' "${answer#*$'\r\n\r\n'}"
[[ $answer == "HTTP/1."?" 200 "* ]]
