#!/bin/sh
# Before nginx starts: behind a load balancer (PROXY_ADDRESSES), who asks is whom it names. Nobody else
# is believed.
set -eu

to=/tmp/conf.d/real-ip.conf
mkdir -p /tmp/conf.d
: >"$to"
for address in ${PROXY_ADDRESSES:-}; do
  case $address in
    *[!0-9a-fA-F.:/]*) echo "PROXY_ADDRESSES: $address is no address" >&2; exit 78 ;;
  esac
  echo "set_real_ip_from $address;" >>"$to"
done
[ -s "$to" ] || exit 0
echo "real_ip_header X-Forwarded-For;" >>"$to"
echo "real_ip_recursive on;" >>"$to"
