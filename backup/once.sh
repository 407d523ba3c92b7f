#!/usr/bin/env bash
# One backup, old ones removed, and the outcome written where the console shows it.
set -euo pipefail
. ./common.sh
. ./retention.sh

log=$(mktemp /tmp/once.XXXXXX)
started=$(date -u +%Y-%m-%dT%H:%M:%SZ)
status=0
name=$(./take.sh "$@" 2> >(tee "$log" >&2)) || status=$?
if [ "$status" = 0 ]; then
  expire "$BACKUPS" "${BACKUP_KEEP_DAYS:-14}" "$(date +%s)"
  bytes=$(stat -c %s "$BACKUPS/$name") error=''
else
  bytes='' error=$(tail -n 3 "$log")
fi
# A schema from before there was such a table, and a database that is away, have no place for it.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set "started=$started" --set "name=${name#.}" \
  --set "bytes=$bytes" --set "error=$error" --set "version=$VERSION" <<'SQL' ||
select to_regclass('public.backups') is not null as known \gset
\if :known
insert into backups (started_at, name, bytes, version, encrypted, error)
  values (:'started', nullif(:'name', ''), nullif(:'bytes', '')::bigint, :'version',
    :'name' like '%.gpg', nullif(:'error', ''));
\endif
SQL
  say "The outcome could not be written into the database."
rm -f "$log"
[ "$status" = 0 ] || exit "$status"
printf '%s\n' "$name"
