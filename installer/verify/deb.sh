#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the .deb and the .tar.gz of a release build, installs the .deb into a scratch root, starts Oriel from there, removes it again.
#   installer/verify/deb.sh BUILD-FOLDER VERSION
set -euo pipefail
build=$1
version=$2
scratch=$(mktemp -d "${TMPDIR:-/tmp}/oriel-package.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
fail() {
  echo "FAILED: $*" >&2
  exit 1
}
# As root dpkg keeps its owners; anyone else pretends.
as_owner() {
  if [ "$(id -u)" = 0 ]; then "$@"; else fakeroot -s "$scratch/owners" -i "$scratch/owners" "$@"; fi
}
[ "$(id -u)" = 0 ] || touch "$scratch/owners"

packages="$scratch/packages"
(cd "$build" && cpack -G "DEB;TGZ" -B "$packages" >"$scratch/cpack.log" 2>&1) || { cat "$scratch/cpack.log"; fail "cpack"; }
deb=$(find "$packages" -maxdepth 1 -name '*.deb')
tgz=$(find "$packages" -maxdepth 1 -name '*.tar.gz')
[[ -f $deb && -f $tgz ]] || fail "cpack made no .deb or no .tar.gz"

[ "$(dpkg-deb -f "$deb" Version)" = "$version" ] || fail "the package's version is $(dpkg-deb -f "$deb" Version), not $version"
depends=$(dpkg-deb -f "$deb" Depends)
for needed in libsecret-1-0 libqt6svg6 libqt6widgets6 libqt6charts6; do
  [[ $depends == *"$needed"* ]] || fail "the package does not depend on $needed: $depends"
done
dpkg-deb -c "$deb" >"$scratch/contents"
for path in usr/bin/oriel usr/bin/oriel-demo-server usr/share/applications/org.oriel.console.desktop \
  usr/share/metainfo/org.oriel.console.metainfo.xml usr/share/icons/hicolor/scalable/apps/oriel.svg \
  usr/share/icons/hicolor/48x48/apps/oriel.png usr/share/man/man1/oriel.1.gz usr/share/doc/oriel/copyright; do
  grep -q " \./$path\$" "$scratch/contents" || fail "the package lacks $path"
done

# A root that knows no other package: what is depended on comes from this system, and dpkg is told so.
fresh="$scratch/root"
mkdir -p "$fresh/var/lib/dpkg/info" "$fresh/var/lib/dpkg/updates" "$fresh/var/lib/dpkg/triggers"
touch "$fresh/var/lib/dpkg/status"
as_owner dpkg --root="$fresh" --force-not-root --force-depends --force-script-chrootless -i "$deb" >"$scratch/dpkg.log" 2>&1 ||
  { cat "$scratch/dpkg.log"; fail "dpkg -i"; }

desktop-file-validate "$fresh/usr/share/applications/org.oriel.console.desktop" || fail "the desktop file"
appstreamcli validate-tree --no-net "$fresh" >"$scratch/appstream.log" 2>&1 || { cat "$scratch/appstream.log"; fail "AppStream data"; }

oriel="$fresh/usr/bin/oriel"
printed=$(env -u DISPLAY -u WAYLAND_DISPLAY -u QT_QPA_PLATFORM "$oriel" --version) || fail "oriel --version"
[[ $printed == *"$version"* ]] || fail "oriel --version printed: $printed"

# A home of its own: nothing of the person who runs this is read or written.
mkdir -p "$scratch/home" "$scratch/runtime" "$scratch/data"
chmod 700 "$scratch/runtime"
env -u DISPLAY -u WAYLAND_DISPLAY -u DBUS_SESSION_BUS_ADDRESS HOME="$scratch/home" XDG_RUNTIME_DIR="$scratch/runtime" \
  XDG_CONFIG_HOME="$scratch/home/.config" XDG_DATA_HOME="$scratch/home/.local/share" QT_QPA_PLATFORM=offscreen \
  timeout 120 "$oriel" --demo --port 0 --data-dir "$scratch/data" --size 1280x800 --screenshot "overview=$scratch/overview.png" \
  >"$scratch/oriel.log" 2>&1 || { cat "$scratch/oriel.log"; fail "oriel --screenshot"; }
[ -s "$scratch/overview.png" ] || fail "the screenshot is empty"
[[ $(file -b "$scratch/overview.png") == "PNG image data, 1280 x 800,"* ]] || fail "the screenshot is $(file -b "$scratch/overview.png")"
# A picture of one colour packs to almost nothing.
[ "$(stat -c %s "$scratch/overview.png")" -gt 20000 ] || fail "the screenshot shows next to nothing"

as_owner dpkg --root="$fresh" --force-not-root --force-depends --force-script-chrootless --purge oriel >"$scratch/dpkg.log" 2>&1 ||
  { cat "$scratch/dpkg.log"; fail "dpkg --purge"; }
left=$(find "$fresh" -mindepth 1 -path "$fresh/var/lib" -prune -o -not -path "$fresh/var" -print)
[ -z "$left" ] || fail "this is left after the removal: $left"

mkdir "$scratch/unpacked"
tar -xzf "$tgz" -C "$scratch/unpacked" --strip-components=1
printed=$("$scratch/unpacked/bin/oriel" --version) || fail "oriel --version from the .tar.gz"
[[ $printed == *"$version"* ]] || fail "oriel --version from the .tar.gz printed: $printed"

echo "$(basename "$deb") and $(basename "$tgz"): installed, started, pictured, removed."
