#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# with-secret-service.sh STATE COMMAND [ARGUMENT...]
#
# Runs a command in a private home and session bus, with a real gnome-keyring in one of these states:
#   ok          unlocked, empty
#   no-bus      no session bus at all
#   no-service  a bus on which nothing provides org.freedesktop.secrets
#   locked      a keyring that holds what COMMAND stored in a run before (ORIEL_KEYCHAIN_STATE=prepare), locked again
#   all         COMMAND once in each of the four; fails if one fails
# COMMAND finds the state in ORIEL_KEYCHAIN_STATE. The exit status is the command's.
set -eu

state=$1
shift
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

for tool in dbus-run-session gnome-keyring-daemon gdbus; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "with-secret-service.sh: $tool is missing; install dbus-daemon, gnome-keyring and libglib2.0-bin" >&2
    exit 1
  fi
done

if [ "$state" = all ]; then
  for one in ok no-bus no-service locked; do
    echo "== keychain: $one"
    sh "$here/with-secret-service.sh" "$one" "$@"
  done
  exit 0
fi

sandbox=$(mktemp -d)
trap 'rm -rf "$sandbox"' EXIT
export HOME="$sandbox/home" XDG_RUNTIME_DIR="$sandbox/run"
export XDG_DATA_HOME="$HOME/.local/share" XDG_CONFIG_HOME="$HOME/.config" XDG_CACHE_HOME="$HOME/.cache"
mkdir -p "$XDG_DATA_HOME" "$XDG_CONFIG_HOME" "$XDG_CACHE_HOME" "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
unset DBUS_SESSION_BUS_ADDRESS DISPLAY WAYLAND_DISPLAY XDG_CURRENT_DESKTOP DESKTOP_SESSION KDE_FULL_SESSION

# On a bus of its own: the daemon with that password on standard input, then the command once the service has its name. A printf without a line
# end matters: it would become part of the password. The daemon ends with its bus.
unlocked='
  printf %s test-password | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null 2>&1
  gdbus wait --session --timeout 20 org.freedesktop.secrets
  exec "$@"'
locked='
  gnome-keyring-daemon --start --components=secrets --daemonize >/dev/null 2>&1
  gdbus wait --session --timeout 20 org.freedesktop.secrets
  exec "$@"'

export ORIEL_KEYCHAIN_STATE="$state"
case $state in
  ok)
    dbus-run-session -- sh -euc "$unlocked" sh "$@" ;;
  no-bus)
    # An address nobody listens on; without one the client library would start a bus of its own where it can.
    DBUS_SESSION_BUS_ADDRESS="unix:path=$sandbox/none" "$@" ;;
  no-service)
    dbus-run-session --config-file="$here/bus-without-services.conf" -- "$@" ;;
  locked)
    ORIEL_KEYCHAIN_STATE=prepare dbus-run-session -- sh -euc "$unlocked" sh "$@"
    dbus-run-session -- sh -euc "$locked" sh "$@" ;;
  *)
    echo "with-secret-service.sh: unknown state $state" >&2
    exit 2 ;;
esac
