# Sourced by the appliance's commands, in the project's directory.

settings=${AGENTLOCATOR_ENV_FILE:-.env}

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

compose() { docker compose --env-file "$settings" "$@"; }

# setting NAME: its value in the settings file; nothing when it is unset.
setting() {
  [ -f "$settings" ] || return 0
  sed -n "s/^$1=//p" "$settings" | tail -n 1 | sed "s/^'\(.*\)'\$/\1/; s/^\"\(.*\)\"\$/\1/"
}

# set_setting NAME VALUE: replaces its line, or adds one; the file stays readable by its owner alone.
set_setting() {
  fresh="$settings.$$"
  (
    umask 077
    NAME=$1 VALUE=$2 awk '
      index($0, ENVIRON["NAME"] "=") == 1 { if (!done) print ENVIRON["NAME"] "=" ENVIRON["VALUE"]; done = 1; next }
      { print }
      END { if (!done) print ENVIRON["NAME"] "=" ENVIRON["VALUE"] }
    ' "$settings" >"$fresh"
  ) && mv "$fresh" "$settings"
}

# 64 hex digits.
secret() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

engine_answers() { docker info >/dev/null 2>&1; }

# listens PORT: somebody on this machine does.
listens() {
  port=$(printf '%04X' "$1")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port=":$port" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

# Seconds by which this machine's clock differs from an address's; nothing when it can't be asked.
clock_error() {
  command -v curl >/dev/null 2>&1 || return 0
  there=$(curl -sI -m 5 "$1" | sed -n 's/^[Dd]ate: //p' | tr -d '\r')
  [ -n "$there" ] || return 0
  there=$(date -d "$there" +%s 2>/dev/null) || return 0
  difference=$(($(date +%s) - there))
  echo "${difference#-}"
}

# In MB.
memory() { awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null; }
free_disk() { df -Pm "$1" 2>/dev/null | awk 'NR == 2 { print $4 }'; }

# prepare_backup [PASSPHRASE_FILE]: for commands that work with backups. Leaves the folder in $folder.
prepare_backup() {
  command -v docker >/dev/null 2>&1 && engine_answers || fail "The Docker engine does not answer: start it, or run this as root or as a member of the group docker."
  [ -f "$settings" ] || fail "There is no $settings: run scripts/install first. (What scripts/start runs is backed up by stopping it and copying DATA_DIR.)"
  case $(setting COMPOSE_FILE) in *demo*) fail "This is a demo: its data are not backed up." ;; esac
  # In the environment, where it stands before the settings' own: an argument could be seen by
  # everybody on the machine.
  if [ -n "${1:-}" ]; then
    [ -r "$1" ] || fail "The passphrase can't be read: $1"
    BACKUP_PASSPHRASE=$(head -n 1 "$1")
    [ -n "$BACKUP_PASSPHRASE" ] || fail "There is no passphrase in $1."
    export BACKUP_PASSPHRASE
  else
    unset BACKUP_PASSPHRASE
  fi
  if ! docker image inspect "agentlocator/backup:$(setting VERSION)" >/dev/null 2>&1; then
    say "Building the backup's image ..."
    log=$(mktemp)
    compose build backup >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; fail "The image could not be built; see above."; }
    rm -f "$log"
  fi
  backup_folder
}

# The folder of the backups, made if need be; it belongs to the user of the backup's container.
backup_folder() {
  folder=$(setting BACKUP_DIR)
  folder=${folder:-./backups}
  case $folder in
  /*) ;;
  ./*) folder=$PWD/${folder#./} ;;
  *) fail "BACKUP_DIR in $settings has to begin with / or ./, not: $folder" ;;
  esac
  mkdir -p "$folder"
  [ "$(stat -c %u:%a "$folder")" = 1000:700 ] && return
  # Whoever may use Docker need not be root.
  docker run --rm --user 0 --network none --entrypoint sh --volume "$folder:/folder" \
    "agentlocator/backup:$(setting VERSION)" -c 'chown 1000:1000 /folder && chmod 0700 /folder'
}

# run_backup SERVICE ARGUMENT…: in a container of its own, beside the one that waits for the night.
run_backup() {
  compose --progress quiet run --rm --no-TTY "$@"
}
