#!/usr/bin/env bash
# Makes one backup and prints its name in $BACKUPS. Under that name there is only ever one that was
# restored as a test. With an argument, its beginning: a hidden name is for handing out alone.
set -euo pipefail
. "$(dirname -- "$0")/common.sh"
. "$HERE/verify.sh"

[ -w "$BACKUPS" ] ||
  fail "The folder for backups can't be written: it has to belong to user 1000 (chown 1000:1000)."
take_lock
created=$(date -u +%Y-%m-%dT%H:%M:%SZ)
name="${1:-}agentlocator-$(date -u -d "$created" +%Y%m%d-%H%M%S)-$VERSION.tar"
[ -z "${BACKUP_PASSPHRASE:-}" ] || name="$name.gpg"
stage=$(mktemp -d "$WORK/take.XXXXXX")
part="$BACKUPS/.$name.part"
trap 'rm -rf "$stage" "$part"' EXIT
trap 'exit 143' TERM INT

# GNU tar's 1: a file changed while it was read. The gateway's logs are only ever appended to, and it
# drops a last record that is cut short as one that was never promised.
archive() {
  local status=0
  tar --warning=no-file-changed --warning=no-file-removed --warning=no-file-ignored \
    --exclude '*.tmp' --exclude ./.before --exclude ./.restored "$@" || status=$?
  [ "$status" -le 1 ]
}

# The order matters, for the product goes on working meanwhile. What waits on the disk for the
# database (the gateway's journal, the spool) comes first: what is told to the database afterwards
# is in both, and told again after a restore it is recognised. The other way round it would be in
# neither. Media comes last: a row is written after the file that it is about.
say "Reading the gateway's pairings and journals ..."
# Credentials before the keys they refer to, of which there are only ever more.
find "$SOURCE/whatsapp" -path '*/auth/creds*' -type f ! -name '*.tmp' -printf '%P\0' >"$stage/creds"
archive --create --file "$stage/gateway.tar" --directory "$SOURCE/whatsapp" \
  --null --files-from "$stage/creds"
archive --append --file "$stage/gateway.tar" --directory "$SOURCE/whatsapp" \
  --exclude '*/auth/creds*' --exclude '*/lock' --exclude '*/lock.holder' .
rm "$stage/creds"
archive --create --file "$stage/spool.tar" --directory "$SOURCE/data" \
  $([ ! -d "$SOURCE/data/spool" ] && echo --files-from /dev/null || echo spool)

say "Dumping the database ..."
# The dump and the counts see the same moment.
export DUMP="$stage/database.dump" COUNT="$count_rows"
psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --output "$stage/facts" <<'SQL'
\getenv count_rows COUNT
set statement_timeout = 0;
set idle_in_transaction_session_timeout = 0;
begin isolation level repeatable read read only;
select pg_export_snapshot() as snapshot \gset
\setenv SNAPSHOT :snapshot
\! pg_dump --format=custom --compress=zstd --snapshot="$SNAPSHOT" --file="$DUMP"
\if :SHELL_ERROR
  \warn 'pg_dump failed'
  \q 1
\endif
select json_build_object(
  'postgres', current_setting('server_version'),
  'migrations', (select coalesce(json_agg(name order by id), '[]') from knex_migrations),
  'roles', (select coalesce(json_agg(rolname order by rolname), '[]') from pg_roles
    where rolname like 'agentlocator\_%'),
  'rows', (:count_rows));
commit;
SQL
[ -s "$stage/facts" ] && [ -s "$stage/database.dump" ] || fail "The database could not be dumped."

say "Reading the media ..."
archive --create --file "$stage/media.tar" --directory "$SOURCE/data" \
  --exclude ./spool --exclude ./prompts .

say "Putting it together ..."
# What identifies each part: its bytes, their checksum, and what is in it.
describe() {
  local files=0
  case $1 in *.tar) files=$(tar --list --file "$stage/$1" | grep -vc '/$' || true) ;; esac
  jq --null-input --arg name "$1" --argjson bytes "$(stat -c %s "$stage/$1")" \
    --arg sha256 "$(sha256sum "$stage/$1" | cut -d ' ' -f 1)" --argjson files "$files" \
    '{($name): ({$bytes, $sha256} + if $name | endswith(".tar") then {$files} else {} end)}'
}
parts='gateway.tar spool.tar database.dump media.tar'
for part_name in $parts; do describe "$part_name"; done | jq --slurp add >"$stage/parts"
jq --null-input --argjson format "$FORMAT" --arg version "$VERSION" --arg commit "$GIT_COMMIT" \
  --arg created_at "$created" --arg key_fingerprint "$(key_fingerprint)" \
  --arg bucket "${S3_BUCKET:-}" --rawfile known "$HERE/migrations" --slurpfile facts "$stage/facts" --slurpfile parts "$stage/parts" '
  {product: "agentlocator", $format, $version, $commit, $created_at, $key_fingerprint,
   product_migrations: ($known | rtrimstr("\n") | split("\n")),
   bucket_not_included: (if $bucket == "" then null else $bucket end)}
  + $facts[0] + {parts: $parts[0]}' >"$stage/manifest.json"

# Each part is given up as soon as it is in the whole, so that the disk need not have it twice.
bundle() {
  # shellcheck disable=SC2086
  tar --create --directory "$stage" --owner=0 --group=0 --remove-files manifest.json $parts
}
umask 077
if [ -n "${BACKUP_PASSPHRASE:-}" ]; then bundle | encrypt >"$part"; else bundle >"$part"; fi
sync "$part"

say "Restoring it as a test ..."
verify "$part"
mv --no-clobber "$part" "$BACKUPS/$name"
[ ! -e "$part" ] || fail "There is a $name already."
sync "$BACKUPS"
[ -z "${S3_BUCKET:-}" ] ||
  say "Not in it: the media of WhatsApp in the bucket $S3_BUCKET, which has to be kept by its own means."
printf '%s\n' "$name"
