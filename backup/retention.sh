# Sourced: which backups go.

# taken_at NAME: when it was made, in seconds since 1970, as its name says; its file's time changes
# with a copy. Nothing for another name.
taken_at() {
  local stamp
  stamp=$(printf '%s\n' "$1" |
    sed -nE 's/^agentlocator-([0-9]{4})([0-9]{2})([0-9]{2})-([0-9]{2})([0-9]{2})([0-9]{2})-[^/]*\.tar(\.gpg)?$/\1-\2-\3 \4:\5:\6/p')
  [ -z "$stamp" ] || date -u -d "$stamp" +%s 2>/dev/null || true
}

# newest FOLDER: when the newest backup in it was made; 0 without one.
newest() {
  local file at latest=0
  for file in "$1"/agentlocator-*; do
    at=$(taken_at "${file##*/}")
    [ "${at:-0}" -le "$latest" ] || latest=$at
  done
  echo "$latest"
}

# expire FOLDER DAYS NOW: removes the backups that are older, but never the newest one. What is not
# named as a backup stays.
expire() {
  local file at latest
  latest=$(newest "$1")
  for file in "$1"/agentlocator-*; do
    at=$(taken_at "${file##*/}")
    if [ -z "$at" ] || [ "$at" -ge "$latest" ] || [ "$at" -ge "$(($3 - $2 * 86400))" ]; then continue; fi
    rm -f "$file"
    printf 'Removed %s: older than %s days.\n' "${file##*/}" "$2" >&2
  done
}
