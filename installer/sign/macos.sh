#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Signs Oriel.app and its disk image; with a notarytool profile also has them notarized. May be run again. Not yet run on a Mac.
#   installer/sign/macos.sh IDENTITY APP DMG [KEYCHAIN-PROFILE]      IDENTITY "-" signs ad hoc
set -euo pipefail
[ $# -ge 3 ] || { echo "usage: $0 IDENTITY APP DMG [KEYCHAIN-PROFILE]" >&2 && exit 2; }
identity=$1 app=$2 dmg=$3 profile=${4:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
options=(--force --options runtime --sign "$identity")
[ "$identity" = - ] || options+=(--timestamp)

# From the inside out: a signature covers what it encloses.
find "$app/Contents/Frameworks" "$app/Contents/PlugIns" -type f \( -name '*.dylib' -o -perm -u+x \) -print0 2>/dev/null |
  xargs -0 -n 1 codesign "${options[@]}"
[ ! -f "$app/Contents/MacOS/oriel-demo-server" ] || codesign "${options[@]}" "$app/Contents/MacOS/oriel-demo-server"
codesign "${options[@]}" --entitlements "$here/../macos/entitlements.plist" "$app"
codesign --verify --deep --strict --verbose=2 "$app"

hdiutil create -volname Oriel -srcfolder "$app" -ov -format UDZO "$dmg"
codesign --force --sign "$identity" "$dmg"
if [ -n "$profile" ]; then
  xcrun notarytool submit "$dmg" --keychain-profile "$profile" --wait
  xcrun stapler staple "$dmg"
fi
