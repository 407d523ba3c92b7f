# Sourced: when a backup is due.

# last_due HH:MM NOW: the latest moment of that time of day that is not after NOW, in TZ; both in
# seconds since 1970. On a day whose clock leaps over it: as long after midnight.
last_due() {
  local hours=${1%:*} minutes=${1#*:} midnight due
  midnight=$(date -d "$(date -d "@$2" +%F) 00:00" +%s)
  due=$((midnight + 10#$hours * 3600 + 10#$minutes * 60))
  if [ "$due" -gt "$2" ]; then
    midnight=$(date -d "$(date -d "@$((midnight - 43200))" +%F) 00:00" +%s)
    due=$((midnight + 10#$hours * 3600 + 10#$minutes * 60))
  fi
  echo "$due"
}

# is_due HH:MM NOW NEWEST TRIED: none was made since it was last time for one, as after a night in
# which the machine was off; an attempt that failed is repeated after an hour.
is_due() {
  [ "$3" -lt "$(last_due "$1" "$2")" ] && [ "$(($2 - $4))" -ge 3600 ]
}
