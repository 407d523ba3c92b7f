#!/usr/bin/env bash
# The container's entry. `timer`: a backup each night. `once [PREFIX]`: one now, its name on standard
# output. `checksum NAME` and `hand-out NAME`: of one that was made with a prefix. `restore STEP`: for
# scripts/restore.
set -euo pipefail
cd -- "$(dirname -- "$0")"
case ${1:-} in
once) exec ./once.sh "${@:2}" ;;
timer) exec ./timer.sh ;;
restore) exec ./restore.sh "${@:2}" ;;
checksum) sha256sum "${BACKUPS:-/backups}/$2" | cut -d ' ' -f 1 ;;
hand-out) exec ./hand-out.sh "$2" ;;
*)
  echo "Unknown argument: ${1:-none}" >&2
  exit 2
  ;;
esac
