#!/usr/bin/env bash
# The bytes of a backup that was made for handing out, which is removed afterwards.
set -euo pipefail
. ./common.sh
case $1 in */* | '') fail "Not a backup's name: $1" ;; esac
cat "$BACKUPS/$1"
case $1 in .out-*) rm -f "${BACKUPS:?}/$1" ;; esac
