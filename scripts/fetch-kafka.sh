#!/usr/bin/env bash
# Puts Apache Kafka into DIR: DIR/libs holds the jars of a broker and of
# nothing else (no Connect, no Streams). It installs and starts nothing; the
# jars come from Maven Central, or from where this user's Maven gets them, and
# Maven checks each. A second call returns at once, and two calls at the same
# time do the work once.
set -euo pipefail
export LC_ALL=C

# The versions that the project is tested with.
readonly KAFKA=4.1.0 SCALA=2.13 SLF4J=1.7.36 COPIER=3.8.1

# The oldest Java that runs this Kafka's broker.
readonly JAVA_MINIMUM=17

readonly name=kafka

if [[ $(type -t fetch_main) != function ]]; then
  . "$(dirname -- "${BASH_SOURCE[0]}")/fetch-frame.sh"
fi

help() {
  say "Apache Kafka needs Java $JAVA_MINIMUM or newer, and Maven to fetch it: sudo apt-get install default-jre-headless maven"
}

require_tools() { need "is not installed, or not on PATH" java mvn flock realpath mktemp; }

fetch_into() {
  say "downloading Apache Kafka $KAFKA (about 45 MB)"
  project >"$work/pom.xml"
  mvn --batch-mode --quiet --strict-checksums --file "$work/pom.xml" \
    "org.apache.maven.plugins:maven-dependency-plugin:$COPIER:copy-dependencies" \
    -DincludeScope=runtime -DoutputDirectory="$work/root/libs" \
    >"$work/log" 2>&1 || show_log_and_die "Apache Kafka $KAFKA cannot be downloaded"
  java -cp "$work/root/libs/*" kafka.Kafka --version >"$work/log" 2>&1 ||
    show_log_and_die "Apache Kafka $KAFKA does not run on this Java: $(java -version 2>&1 | head -n 1)"
  printf 'Apache Kafka %s\n' "$KAFKA" >"$work/root/.fetched"
}

# project prints what Maven is to fetch. The broker logs through slf4j and
# brings no writer for it along.
project() {
  cat <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>telltale</groupId>
  <artifactId>broker</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_$SCALA</artifactId>
      <version>$KAFKA</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>$SLF4J</version>
    </dependency>
  </dependencies>
</project>
POM
}

fetch_main "$@"
