#!/usr/bin/env bash
# Puts Apache Kafka into DIR: DIR/libs holds the jars of a broker and of
# nothing else (no Connect, no Streams). It installs and starts nothing. A
# second call returns at once, and two calls at the same time do the work once.
set -euo pipefail
export LC_ALL=C

# The versions that the project is tested with. The broker logs through slf4j
# and brings no writer for it along.
readonly KAFKA=4.1.0 SCALA=2.13 SLF4J=1.7.36

readonly name=kafka title="Apache Kafka $KAFKA" megabytes=45
readonly artifacts=("org.apache.kafka:kafka_$SCALA:$KAFKA" "org.slf4j:slf4j-simple:$SLF4J")

. "$(dirname -- "${BASH_SOURCE[0]}")/fetch-frame.sh"
. "$(dirname -- "${BASH_SOURCE[0]}")/fetch-jars.sh"

try() { java -cp "$work/root/libs/*" kafka.Kafka --version; }

fetch_main "$@"
