#!/usr/bin/env bash
# Puts Kafka Connect and Debezium into DIR, for tests that compare with them or
# have them read: DIR/libs holds the jars of Connect, its file sink, Debezium's
# connector for MySQL, its transforms and its deserialiser. It installs and
# starts nothing. A second call returns at once, and two calls at the same time
# do the work once.
set -euo pipefail
export LC_ALL=C

# The versions that the project is tested with.
readonly KAFKA=4.1.0 DEBEZIUM=3.3.1.Final SLF4J=1.7.36

readonly name=connect title="Kafka Connect $KAFKA with Debezium $DEBEZIUM" megabytes=40
readonly artifacts=(
  "org.apache.kafka:connect-runtime:$KAFKA" "org.apache.kafka:connect-file:$KAFKA"
  "io.debezium:debezium-connector-mysql:$DEBEZIUM" "io.debezium:debezium-storage-file:$DEBEZIUM"
  "org.slf4j:slf4j-simple:$SLF4J"
)

. "$(dirname -- "${BASH_SOURCE[0]}")/fetch-frame.sh"
. "$(dirname -- "${BASH_SOURCE[0]}")/fetch-jars.sh"

# Without arguments it says how it is used, and fails.
try() {
  local said
  said=$(java -cp "$work/root/libs/*" org.apache.kafka.connect.cli.ConnectStandalone 2>&1 || true)
  printf '%s\n' "$said"
  [[ $said == *Usage:* ]]
}

fetch_main "$@"
