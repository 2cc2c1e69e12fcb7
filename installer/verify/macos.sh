#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Mounts a disk image, starts Oriel from it, checks that nothing is loaded from outside and that the signature holds. Not yet run on a Mac.
#   installer/verify/macos.sh DMG VERSION
set -euo pipefail
dmg=$1 version=$2
mount=$(mktemp -d)
hdiutil attach "$dmg" -mountpoint "$mount" -nobrowse -readonly -quiet
trap 'hdiutil detach "$mount" -quiet; rmdir "$mount"' EXIT
program="$mount/oriel.app/Contents/MacOS/oriel"
plutil -lint "$mount/oriel.app/Contents/Info.plist"
[[ $("$program" --version) == *"$version"* ]]
if otool -L "$program" | grep -E '/(opt/homebrew|usr/local)/'; then
  echo "The program loads libraries from this machine." >&2
  exit 1
fi
codesign --verify --deep --strict "$mount/oriel.app"
