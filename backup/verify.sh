# Sourced: opens a backup and tries it out, touching nothing but $WORK.

PARTS='gateway.tar spool.tar database.dump media.tar'

# open_backup FILE FOLDER: decrypts if need be, unpacks, and compares every part with the manifest.
# FILE may be a pipe.
open_backup() {
  local folder=$2 byte
  mkdir -p "$folder"
  exec 4<"$1"
  byte=$(dd bs=1 count=1 status=none <&4 | od -An -tx1 | tr -d ' ')
  case $byte in
  # The first letter of manifest.json, with which the archive begins.
  6d) { printf m && cat <&4; } | unpack "$folder" ||
    fail "The file is damaged or cut short: it can't be unpacked." ;;
  # An OpenPGP message: of symmetrically encrypted data.
  8c | c3)
    [ -n "${BACKUP_PASSPHRASE:-}" ] ||
      fail "The backup is encrypted: give its passphrase with --passphrase-file, or as BACKUP_PASSPHRASE in the settings."
    { printf '%b' "\\x$byte" && cat <&4; } | decrypt | unpack "$folder" ||
      fail "The file can't be decrypted: another passphrase, or it is damaged or cut short."
    ;;
  *) fail "This is no backup of AgentLocator." ;;
  esac
  exec 4<&-
  check_manifest "$folder"
}

# Only what is expected is taken out, whatever else is in it.
unpack() {
  # shellcheck disable=SC2086
  tar --extract --directory "$1" --no-same-owner --no-same-permissions manifest.json $PARTS 2>"$1/.tar" ||
    { sed 's/^/  /' "$1/.tar" >&2; return 1; }
}

manifest() { jq --raw-output "$2" "$1/manifest.json"; }

check_manifest() {
  local folder=$1 part
  jq --exit-status '.product == "agentlocator"' "$folder/manifest.json" >/dev/null 2>&1 ||
    fail "This is no backup of AgentLocator: its manifest can't be read."
  jq --exit-status --argjson format "$FORMAT" '.format <= $format' "$folder/manifest.json" >/dev/null ||
    fail "The backup was made by a newer AgentLocator ($(manifest "$folder" .version)): install that one first."
  for part in $PARTS; do
    [ "$(sha256sum "$folder/$part" | cut -d ' ' -f 1)" = "$(manifest "$folder" ".parts[\"$part\"].sha256")" ] ||
      fail "The backup is damaged: $part is not what the manifest says."
  done
}

# A database server of this container's own, in $1/cluster; reached over a socket in /tmp alone.
start_scratch() {
  initdb --pgdata="$1/cluster" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
    --no-sync >"$1/initdb.log" 2>&1 || { cat "$1/initdb.log" >&2; fail "A database to test with could not be made."; }
  pg_ctl --pgdata="$1/cluster" --log="$1/server.log" --wait --silent start --options \
    "-c listen_addresses= -c unix_socket_directories=/tmp -c fsync=off -c full_page_writes=off -c shared_buffers=32MB -c max_parallel_maintenance_workers=0" ||
    { cat "$1/server.log" >&2; fail "A database to test with could not be started."; }
}
stop_scratch() { pg_ctl --pgdata="$1/cluster" --mode=immediate --silent stop || true; }

# load_dump FOLDER DATABASE OWNER: makes the database from the dump, all of it or nothing. The
# connection's user may make roles and databases.
load_dump() {
  local folder=$1 database=$2 owner=$3 role
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres --set "owner=$owner" \
    --set "database=$database" <<'SQL'
create database :"database" owner :"owner";
SQL
  # Entered by SET ROLE alone, as the schema's first migration has it; roles are in no dump.
  for role in $(manifest "$folder" '.roles[]'); do
    [ "$role" != "$owner" ] || continue
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres --set "owner=$owner" --set "role=$role" <<'SQL'
select format('create role %I nologin', :'role')
  where not exists (select from pg_roles where rolname = :'role') \gexec
grant :"role" to :"owner" with inherit false, set true;
SQL
  done
  pg_restore --dbname "$database" --role "$owner" --no-owner --exit-on-error --single-transaction \
    "$folder/database.dump"
}

# verify FILE: everything in it can be had back. Ends with an error otherwise.
verify() {
  local folder
  folder=$(mktemp -d "$WORK/verify.XXXXXX")
  (
    trap 'stop_scratch "$folder" 2>/dev/null; rm -rf "$folder"' EXIT
    open_backup "$1" "$folder"
    verify_opened "$folder"
  )
}

# verify_opened FOLDER: the same for one that is unpacked already.
verify_opened() {
  local folder=$1 archive expected restored
  for archive in gateway spool media; do
    expected=$(manifest "$folder" ".parts[\"$archive.tar\"].files")
    restored=$(tar --list --file "$folder/$archive.tar" | grep -vc '/$' || true)
    [ "$expected" = "$restored" ] || fail "The backup is damaged: $archive.tar has $restored files instead of $expected."
  done
  start_scratch "$folder"
  (
    unset PGPASSWORD PGDATABASE
    export PGHOST=/tmp PGUSER=postgres
    psql --no-psqlrc --quiet --dbname postgres --command 'create role agentlocator login createrole'
    load_dump "$folder" agentlocator agentlocator
    psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname agentlocator \
      --command "$count_rows" >"$folder/rows"
  )
  stop_scratch "$folder"
  rm -rf "$folder/cluster"
  jq --exit-status --null-input --slurpfile had "$folder/manifest.json" --slurpfile has "$folder/rows" \
    '$had[0].rows == $has[0]' >/dev/null || fail "The test restore has other rows than the database had."
  say "$(jq --raw-output '"The test restore has all \([.rows[]] | add // 0) rows of \(.rows | length) tables."' "$folder/manifest.json")"
}
