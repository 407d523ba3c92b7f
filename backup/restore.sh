#!/usr/bin/env bash
# The steps of scripts/restore. What is restored is made beside what there is, takes its place by
# renaming, and can be taken back until `finish`.
set -euo pipefail
. "$(dirname -- "$0")/common.sh"
. "$HERE/verify.sh"

stage="$WORK/restore"
folders="$SOURCE/data $SOURCE/whatsapp"
export PGDATABASE=postgres
sql() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "$@"; }
database_exists() { [ "$(sql --command "select 1 from pg_database where datname = '$1'")" = 1 ]; }

# `open [--without-whatsapp]`: the file comes from standard input. Ends with 4 when an earlier
# restore has not ended. Changes nothing but the stage.
open() {
  local newer
  if [ -e "$WORK/finishing" ]; then finish; fi
  if database_exists agentlocator_before; then exit 4; fi
  for folder in $folders; do [ ! -e "$folder/.before" ] || exit 4; done
  rm -rf "$stage"
  say "Checking the file ..."
  open_backup /dev/stdin "$stage"
  # By what made it: the schema itself may be ahead of its product, after an upgrade that was taken
  # back, and is then served by it all the same.
  newer=$(jq --raw-output --rawfile known "$HERE/migrations" \
    '(.product_migrations - ($known | split("\n"))) | first // empty' "$stage/manifest.json")
  [ -z "$newer" ] ||
    fail "The backup is of AgentLocator $(manifest "$stage" .version), which is newer than this one ($VERSION): install that one, or a newer one, first."
  [ "$(manifest "$stage" '.postgres | split(".")[0] | tonumber')" -le "$(postgres --version | grep -oE '[0-9]+' | head -n 1)" ] ||
    fail "The backup is of PostgreSQL $(manifest "$stage" .postgres), which is newer than POSTGRES_IMAGE here."
  if [ "${1:-}" != --without-whatsapp ] && [ "$(manifest "$stage" .key_fingerprint)" != "$(key_fingerprint)" ]; then
    fail "APP_SECRET is another one here ($(key_fingerprint)) than where the backup was made ($(manifest "$stage" .key_fingerprint)), so the WhatsApp pairings in it can't be opened.
Put the line APP_SECRET=… of the old machine's .env into .env here, then scripts/install --yes, then this again.
If it is lost: --without-whatsapp restores everything else, and each business links its WhatsApp again."
  fi
  say "Restoring it as a test ..."
  verify_opened "$stage"
  manifest "$stage" '"made:     \(.created_at) by AgentLocator \(.version)",
    "database: \([.rows[]] | add // 0) rows: \(.rows["public.businesses"]) businesses, \(.rows["public.users"]) users, \(.rows["public.contacts"]) contacts, \(.rows["public.messages"]) messages, \(.rows["public.calls"]) calls, \(.rows["public.appointments"]) appointments",
    "whatsapp: \(.parts["gateway.tar"].files) files of pairings and journals",
    "media:    \(.parts["media.tar"].files) files",
    (.bucket_not_included // empty | "not in it: the media in the bucket \(.)")'
}

# `has-data`: whether there is something that would be replaced.
has_data() {
  local people
  people=$(sql --dbname agentlocator --command "select to_regclass('public.users') is not null")
  [ "$people" = f ] || people=$(sql --dbname agentlocator --command 'select exists (select from users)')
  if [ "$people" = t ] || [ -n "$(ls "$SOURCE/whatsapp")" ]; then echo yes; else echo no; fi
}

# `prepare [--without-whatsapp]`: makes the database and the files beside those in use.
prepare() {
  local folder
  [ -f "$stage/manifest.json" ] || fail "There is nothing to be restored: the file has to be opened first."
  say "Restoring beside what is in use ..."
  sql --command 'drop database if exists agentlocator_restored with (force)' 2>/dev/null
  load_dump "$stage" agentlocator_restored agentlocator
  sql --dbname agentlocator_restored --command analyze
  for folder in $folders; do
    rm -rf "$folder/.restored"
    mkdir -m 0700 "$folder/.restored"
  done
  tar --extract --same-permissions --file "$stage/media.tar" --directory "$SOURCE/data/.restored"
  tar --extract --same-permissions --file "$stage/spool.tar" --directory "$SOURCE/data/.restored"
  [ "${1:-}" = --without-whatsapp ] ||
    tar --extract --same-permissions --file "$stage/gateway.tar" --directory "$SOURCE/whatsapp/.restored"
  # shellcheck disable=SC2086
  sync -f $folders
}

# `rename_databases A B C`: A becomes B and C becomes A, both or neither; whoever is in them goes.
rename_databases() {
  local tries=10
  until sql <<SQL 2>"$WORK/rename.log"; do
select count(pg_terminate_backend(pid)) from pg_stat_activity
  where datname in ('$1', '$3') and pid <> pg_backend_pid() \g /dev/null
begin;
alter database $1 rename to $2;
alter database $3 rename to $1;
commit;
SQL
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { cat "$WORK/rename.log" >&2; fail "The database is in use."; }
    sleep 1
  done
  rm -f "$WORK/rename.log"
}

# `move FOLDER INTO`: all that is in it, but for what a restore has put there itself.
move() { find "$1" -mindepth 1 -maxdepth 1 ! -name .before ! -name .restored -exec mv -t "$2" {} +; }

# `swap`: the product is stopped. `undo` takes it back from wherever it was interrupted.
swap() {
  local folder
  say "Putting it in place ..."
  for folder in $folders; do
    mkdir -m 0700 "$folder/.before"
    move "$folder" "$folder/.before"
    # From here on, what is beside it is new.
    touch "$folder/.before/.whole"
    move "$folder/.restored" "$folder"
    rmdir "$folder/.restored"
  done
  rename_databases agentlocator agentlocator_before agentlocator_restored
}

undo() {
  local folder
  say "Putting back what was there before ..."
  if database_exists agentlocator_before; then
    rename_databases agentlocator agentlocator_restored agentlocator_before
  fi
  for folder in $folders; do
    [ -e "$folder/.before" ] || continue
    if [ -e "$folder/.before/.whole" ]; then
      find "$folder" -mindepth 1 -maxdepth 1 ! -name .before -exec rm -rf {} +
      rm "$folder/.before/.whole"
    fi
    move "$folder/.before" "$folder"
    rmdir "$folder/.before"
  done
  forget
}

forget() {
  local folder
  sql --command 'drop database if exists agentlocator_restored with (force)' 2>/dev/null
  for folder in $folders; do rm -rf "$folder/.restored"; done
  rm -rf "$stage"
}

# `finish`: the product is well with it; what was there before goes. Once begun it is only ever
# ended: there is no way back to half of it.
finish() {
  local folder
  touch "$WORK/finishing"
  sql --command 'drop database if exists agentlocator_before with (force)' 2>/dev/null
  for folder in $folders; do rm -rf "$folder/.before"; done
  forget
  rm "$WORK/finishing"
}

take_lock
case $1 in
open) open "${2:-}" ;;
has-data) has_data ;;
prepare) prepare "${2:-}" ;;
swap) swap ;;
undo) undo ;;
finish) finish ;;
*) fail "Unknown step: $1" ;;
esac
