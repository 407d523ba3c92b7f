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
