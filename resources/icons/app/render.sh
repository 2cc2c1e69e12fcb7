#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Draws the pictures of the program's icon anew from oriel.svg: PNG for Linux, .ico for Windows, .icns for macOS.
# Wants librsvg2-bin, icoutils and icnsutils.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
for size in 16 24 32 48 64 128 256 512; do
  rsvg-convert -w "$size" -h "$size" oriel.svg -o "oriel-$size.png"
done
icotool -c -o oriel.ico oriel-{16,24,32,48}.png --raw=oriel-64.png --raw=oriel-128.png --raw=oriel-256.png
png2icns oriel.icns oriel-{16,32,48,128,256,512}.png >/dev/null
