#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Signs finished packages with a detached OpenPGP signature each: installer/sign/linux.sh KEY-ID PACKAGE...
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 KEY-ID PACKAGE..." >&2 && exit 2; }
key=$1
shift
for package in "$@"; do
  gpg --batch --yes --local-user "$key" --armor --detach-sign --output "$package.asc" "$package"
  gpg --batch --verify "$package.asc" "$package"
done
