# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Sourced by ./run, ./test and .ci/run: brings the packages of a list onto this system. Wants $root, the project's folder.
: "${root:?}"

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

has_package() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
has_candidate() { apt-cache show --no-all-versions "$1" 2>/dev/null | grep '^Version:' >/dev/null; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "Packages are missing and there is no sudo. As root, run: $*"
  fi
}

# The lines of the lists that are not met yet, without comments. No network, no index.
missing_lines() {
  local line name first command met words
  while IFS= read -r line; do
    line=${line%%#*}
    read -r -a words <<<"$line"
    line="${words[*]}"
    [ -n "$line" ] || continue
    command=
    if [[ $line == *command:* ]]; then
      command=${line##*command:}
      command -v "$command" >/dev/null && continue
      [ -x "$root/.cache/tools/usr/bin/$command" ] && continue
    fi
    met=
    first=${line#\? }
    for name in ${first//|/ }; do
      case $name in command:* | extract) continue ;; esac
      if [[ $line != extract* ]] && has_package "$name"; then
        met=yes
        break
      fi
    done
    [ -n "$met" ] || printf '%s\n' "$line"
  done < <(cat "$@")
}

extract_package() {
  local folder
  folder=$(mktemp -d)
  (cd "$folder" && apt-get download -qq "$1" >&2) || die "apt-get could not download $1."
  mkdir -p "$root/.cache/tools"
  dpkg-deb -x "$folder"/*.deb "$root/.cache/tools"
  rm -rf "$folder"
}

# ensure_packages LIST...: installs what is missing; asks nothing and prints nothing when all is there.
ensure_packages() {
  local stamp hash lines line name chosen optional updated=
  export PATH="$PATH:$root/.cache/tools/usr/bin"
  stamp="$root/.cache/packages/$(basename -a "$@" | tr '\n' '+')"
  hash=$(cat "$@" /etc/os-release | sha256sum)
  # dpkg's status file changes with every installation and removal.
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$hash" ] && [ "$stamp" -nt /var/lib/dpkg/status ]; then
    return
  fi
  lines=$(missing_lines "$@")
  if [ -n "$lines" ]; then
    local wanted=()
    say "Installing what is missing: $(printf '%s' "$lines" | sed 's/^? //; s/ |.*//; s/ command:.*//; s/^extract //' | tr '\n' ' ')"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || say "apt-get update failed; going on with the lists there are."
    while IFS= read -r line; do
      optional=
      [[ $line == '? '* ]] && optional=yes
      line=${line#\? }
      line=${line%% command:*}
      if [[ $line == 'extract '* ]]; then
        extract_package "${line#extract }"
        continue
      fi
      chosen=
      for name in ${line//|/ }; do
        if has_candidate "$name"; then
          chosen=$name
          break
        fi
      done
      if [ -n "$chosen" ]; then
        wanted+=("$chosen")
      elif [ -z "$optional" ]; then
        die "This system offers no package \"$line\". Oriel's packages are named for Debian 12 and Ubuntu 24.04 (see $1)."
      fi
    done <<<"$lines"
    if [ ${#wanted[@]} -gt 0 ]; then
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >&2 ||
        die "apt-get could not install: ${wanted[*]}"
    fi
    updated=yes
  fi
  mkdir -p "$(dirname "$stamp")"
  printf '%s' "$hash" >"$stamp"
  [ -z "$updated" ] || say "Packages are in place."
}

# ensure_system_packages NAME...: the lists installer/packages/debian-NAME.txt here, brew's on a Mac.
ensure_system_packages() {
  local name lists=()
  case $(uname -s) in
  Darwin)
    # Written with care, not yet run on a Mac.
    command -v brew >/dev/null || die "Oriel builds with Homebrew's packages: install it from https://brew.sh and start again."
    for name in "$@"; do
      [ -f "$root/installer/packages/brew-$name.txt" ] && lists+=("$root/installer/packages/brew-$name.txt")
    done
    local formula wanted=()
    while IFS= read -r formula; do
      [ -n "$formula" ] && ! brew list --versions "$formula" >/dev/null 2>&1 && wanted+=("$formula")
    done < <(sed 's/#.*//; s/[[:space:]]*$//' "${lists[@]}")
    [ ${#wanted[@]} = 0 ] || brew install "${wanted[@]}" >&2
    CMAKE_PREFIX_PATH="$(brew --prefix qt):$(brew --prefix)${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}"
    export CMAKE_PREFIX_PATH
    ;;
  Linux)
    if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
      for name in "$@"; do lists+=("$root/installer/packages/debian-$name.txt"); done
      ensure_packages "${lists[@]}"
    elif ! command -v cmake >/dev/null || ! command -v ninja >/dev/null; then
      die "No apt here: install what installer/packages/debian-build.txt names with this system's own packages, then start again."
    fi
    ;;
  *) die "Oriel's scripts know Linux and macOS; on Windows use run.ps1." ;;
  esac
}
