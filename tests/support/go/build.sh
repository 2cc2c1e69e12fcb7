#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the Go programs of the tests into .cache/go, of the modules that go.sum pins.
# Without Go, or when a module cannot be had, it says why, leaves no program behind and succeeds: what needs the program is then skipped.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../../.." && pwd -P)
out="$root/.cache/go"
seconds=${ORIEL_GO_SECONDS:-720} # for all of them

say() { printf '%s\n' "$*" >&2; }

# skip NAME REASON: the tests repeat the reason.
skip() {
  rm -f "$out/$1" "$out/$1.hash"
  printf '%s\n' "$2" >"$out/$1.missing"
  say "$1 is left out: $2"
}

# reason_of LOG: the one line of it that tells the most.
reason_of() {
  local line
  line=$(grep -v '^go: downloading ' "$1" | grep -m 1 -E '40[0-9]|checksum|verif|dial|lookup|go\.mod|error|cannot' || tail -n 1 "$1")
  line=${line#"${line%%[![:space:]]*}"}
  printf '%s' "${line:-see $1}"
}

# build NAME PACKAGE
build() {
  local name=$1 package=$2 folder="$here/$1" hash left status=0
  hash=$(find "$folder" -type f \( -name 'go.*' -o -name '*.go' \) -print0 | sort -z | xargs -0 cat | cat - "$here/build.sh" | cksum)
  [ ! -x "$out/$name" ] || [ "$(cat "$out/$name.hash" 2>/dev/null)" != "$hash" ] || return 0
  command -v go >/dev/null || { skip "$name" "Go is not installed" && return; }
  left=$((seconds - SECONDS))
  [ "$left" -gt 0 ] || { skip "$name" "no time was left of $seconds s" && return; }
  say "Building $name for the tests …"
  (cd "$folder" && GOWORK=off GOFLAGS='-mod=readonly -trimpath -buildvcs=false' \
    timeout --kill-after=10 "$left" nice -n 10 go build -ldflags='-s -w' -o "$out/$name.new" "$package") >"$out/$name.log" 2>&1 || status=$?
  case $status in
    0)
      mv "$out/$name.new" "$out/$name"
      printf '%s' "$hash" >"$out/$name.hash"
      rm -f "$out/$name.missing"
      ;;
    124 | 137) skip "$name" "it was not built within $left s" ;;
    *) skip "$name" "$(reason_of "$out/$name.log")" ;;
  esac
  rm -f "$out/$name.new"
}

mkdir -p "$out"
build compose .
build collector .
build jaeger github.com/jaegertracing/jaeger/cmd/jaeger
