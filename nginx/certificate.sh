#!/bin/sh
# Before nginx starts: a certificate for it to start with. Afterwards, in the background: a
# certificate that was renewed is taken within a minute.
set -eu

mkdir -p /tmp/conf.d
[ "$TLS_MODE" = off ] && exit 0

real=/tls/letsencrypt/live/agentlocator
own=/tls/self-signed
mkdir -p -m 0700 /tmp/tls "$own"

# For ten years, and anew for another domain.
make_own() {
  [ -s "$own/privkey.pem" ] && [ "$(cat "$own/domain" 2>/dev/null)" = "$DOMAIN" ] && return
  echo "certificate: making a self-signed one for $DOMAIN"
  case $DOMAIN in *[!0-9.]*) name="DNS:$DOMAIN" ;; *) name="IP:$DOMAIN" ;; esac
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj "/CN=$DOMAIN" -addext "subjectAltName=$name" -addext "basicConstraints=critical,CA:FALSE" \
    -keyout "$own/privkey.pem" -out "$own/fullchain.pem" 2>/dev/null
  chmod 0600 "$own/privkey.pem"
  echo "$DOMAIN" >"$own/domain"
}

chosen() {
  if [ "$TLS_MODE" = letsencrypt ] && [ -s "$real/fullchain.pem" ] && [ -s "$real/privkey.pem" ] &&
    openssl x509 -in "$real/fullchain.pem" -noout -ext subjectAltName 2>/dev/null |
    grep -q "DNS:$DOMAIN\b"; then
    echo "$real"
  else
    echo "$own"
  fi
}

# True when there was something new.
take() {
  from=$(chosen)
  cmp -s "$from/fullchain.pem" /tmp/tls/fullchain.pem && return 1
  cp "$from/privkey.pem" "$from/fullchain.pem" /tmp/tls/
  chmod 0600 /tmp/tls/privkey.pem
  echo "certificate: serving $(openssl x509 -in /tmp/tls/fullchain.pem -noout -enddate)"
}

make_own
take || true
while sleep 30; do
  if take; then nginx -s reload; fi
done &
