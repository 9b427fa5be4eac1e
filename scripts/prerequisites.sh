#!/usr/bin/env bash
# Checks what Telltale is built with: git, a C compiler and Go. It names
# everything that is missing at once, with the command that installs it, and
# exits 1. With --install it asks for what the tests need besides, a Chromium,
# a JDK for Apache Kafka and Maven to fetch that, and as root where there is apt
# it installs all but Go itself.
set -euo pipefail

# The first Go that fetches the toolchain that go.mod names.
readonly GO_MINIMUM=1.21
# The oldest Java that runs a broker of Apache Kafka 4.
readonly JAVA_MINIMUM=17
readonly mode=${1:-}

missing=()  # Debian's names of the packages.
problems=() # What is wrong, a sentence each.

check_git() {
  command -v git >/dev/null && return
  missing+=(git)
  problems+=("git is not installed.")
}

# The Kafka client is a C library, and Go links it with the C compiler.
check_compiler() {
  local compiler=${CC:-gcc}
  command -v "${compiler%% *}" >/dev/null || command -v cc >/dev/null || command -v clang >/dev/null && return
  missing+=(gcc libc6-dev)
  problems+=("a C compiler is not installed.")
}

check_go() {
  if ! command -v go >/dev/null; then
    problems+=("Go is not installed, or not on PATH: https://go.dev/doc/install ($GO_MINIMUM or newer).")
    return
  fi
  local version oldest
  version=$(GOTOOLCHAIN=local GOFLAGS= go env GOVERSION)
  oldest=$(printf '%s\n' "$GO_MINIMUM" "${version#go}" | sort -V | head -n 1)
  if [[ $oldest != "$GO_MINIMUM" ]]; then
    problems+=("Go is $version, and $GO_MINIMUM or newer is needed: https://go.dev/doc/install")
  fi
}

# The tests click through the demo's page in it.
check_chromium() {
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null && return
  problems+=("Chromium is not installed, or not on PATH.")
  missing+=(chromium)
}

# Java runs a source file where it has the compiler.
check_java() {
  local version=
  if command -v java >/dev/null && command -v javac >/dev/null; then version=$(java_version); fi
  ((${version:-0} >= JAVA_MINIMUM)) && return
  problems+=("A Java development kit, $JAVA_MINIMUM or newer, is not installed, or not on PATH.")
  missing+=(default-jdk-headless)
}

# java_version prints the first number of Java's version, 1 before Java 9, or
# nothing: macOS has a program that says that there is no Java.
java_version() {
  java -version 2>&1 | sed -nE 's/^[a-z]+ version "([0-9]+).*/\1/p' || true
}

check_maven() {
  command -v mvn >/dev/null && return
  problems+=("Maven is not installed, or not on PATH.")
  missing+=(maven)
}

check() {
  missing=() problems=()
  check_git
  check_compiler
  check_go
  if [[ $mode == --install ]]; then
    check_chromium
    check_java
    check_maven
  fi
}

check
if ((${#missing[@]})) && [[ $mode == --install ]] && ((EUID == 0)) && command -v apt-get >/dev/null; then
  echo "installing: ${missing[*]}" >&2
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  check
fi
if ((${#problems[@]} == 0)); then exit 0; fi
printf '%s\n' "${problems[@]}" >&2
if ((${#missing[@]})); then
  case $(uname -s) in
    Darwin) echo "  xcode-select --install; for the tests: brew install chromium openjdk maven" >&2 ;;
    *) echo "  sudo apt-get install ${missing[*]}" >&2 ;;
  esac
fi
exit 1
