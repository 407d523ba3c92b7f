#!/usr/bin/env bash
# Makes a backup each night at $BACKUP_AT, by the wall clock of $TZ.
set -euo pipefail
. ./common.sh
. ./retention.sh
. ./schedule.sh

at=${BACKUP_AT:-02:30}
case $at in
[01][0-9]:[0-5][0-9] | 2[0-3]:[0-5][0-9]) ;;
*) fail "BACKUP_AT has to be a time of day like 02:30, not $at." ;;
esac
case ${BACKUP_KEEP_DAYS:-14} in
'' | *[!0-9]*) fail "BACKUP_KEEP_DAYS has to be a number of days, not $BACKUP_KEEP_DAYS." ;;
esac

# The container's end ends whatever runs in it; what a backup leaves behind the next one removes.
trap 'exit 0' TERM INT

# wait_for PID: saying meanwhile that this loop lives.
wait_for() {
  while kill -0 "$1" 2>/dev/null; do
    touch /tmp/alive
    sleep 5 &
    wait -n "$1" $! || true
  done
}

# Before there is a first backup: since when one is waited for, over restarts.
since="$WORK/since"
[ -e "$since" ] || date +%s >"$since"
tried=0
say "A backup each night at $at ($(date +%Z)), kept for ${BACKUP_KEEP_DAYS:-14} days."
while :; do
  now=$(date +%s)
  latest=$(newest "$BACKUPS")
  [ "$latest" -gt 0 ] || latest=$(cat "$since")
  if is_due "$at" "$now" "$latest" "$tried"; then
    tried=$now
    ./once.sh >/dev/null || say "The backup failed; it is tried again in an hour." &
    wait_for $!
  else
    # In slices: a clock that is set, or a machine that slept, is noticed.
    sleep 30 &
    wait_for $!
  fi
done
