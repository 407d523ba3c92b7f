# Sourced by the others: what they share. In the container: /source has what is backed up, /backups
# the results, /work is a place for what is under way.

# Notices are of no interest to who restores.
export PGOPTIONS="-c client_min_messages=warning"
BACKUPS=${BACKUPS:-/backups}
WORK=${WORK:-/work}
SOURCE=${SOURCE:-/source}
HERE=$(dirname -- "${BASH_SOURCE[0]}")
# Of what a backup consists and how it is put together; a later form gets a higher number.
FORMAT=1

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# Names APP_SECRET without telling anything about it; the same as the product's own vault does.
key_fingerprint() {
  perl -MDigest::SHA=hmac_sha256 -e '
    my $key = hmac_sha256($ENV{APP_SECRET}, "\0" x 32);
    print unpack("H8", hmac_sha256("agentlocator/vault-fingerprint/v1\x01", $key));'
}

# One at a time works in $WORK and changes what is in $BACKUPS. A nightly one and one by hand wait
# for each other. The lock is the process's: it goes with it.
take_lock() {
  exec 9>"$WORK/lock"
  if ! flock --nonblock 9; then
    say "Another backup or restore is under way: waiting for it ..."
    flock 9
  fi
  # Whoever left these was killed.
  rm -rf "$WORK"/take.* "$WORK"/verify.* "$BACKUPS"/.*.part
  find "$BACKUPS" -maxdepth 1 -name '.out-*' -mmin +1440 -delete
}

# The rows of each table of the connection's database, as JSON.
count_rows="select coalesce(json_object_agg(name, rows order by name), '{}') from (
  select format('%I.%I', schemaname, tablename) as name, (xpath('/row/n/text()', query_to_xml(
    format('select count(*) as n from %I.%I', schemaname, tablename), false, true, '')))[1]::text::bigint as rows
  from pg_tables where schemaname not in ('pg_catalog', 'information_schema')) as counted"

# With the passphrase from a pipe, never from an argument.
encrypt() {
  gpg_home gpg --passphrase-fd 3 --symmetric --cipher-algo AES256 --s2k-mode 3 \
    --s2k-digest-algo SHA512 --s2k-count 65011712 --compress-algo none 3<<<"$BACKUP_PASSPHRASE"
}
decrypt() { gpg_home gpg --passphrase-fd 3 --decrypt 3<<<"$BACKUP_PASSPHRASE"; }
gpg_home() {
  local home status=0
  home=$(mktemp -d /tmp/gpg.XXXXXX)
  GNUPGHOME=$home "$1" --batch --quiet --no-tty --pinentry-mode loopback --no-symkey-cache "${@:2}" ||
    status=$?
  GNUPGHOME=$home gpgconf --kill all >/dev/null 2>&1 || true
  rm -rf "$home"
  return "$status"
}
