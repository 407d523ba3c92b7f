#!/bin/sh
# Before nginx starts: a certificate for it to start with. Afterwards, in the background: a
# certificate that was renewed is taken within a minute.
set -eu

mkdir -p /tmp/conf.d
[ "$TLS_MODE" = off ] && exit 0

real=/tls/letsencrypt/live/agentlocator
own=/tls/self-signed
# A person's own, put there by hand.
given=/tls/own
mkdir -p -m 0700 /tmp/tls "$own" "$given"

# For ten years, and anew for another domain or when it is about to end. Beside the one before: a full
# disk must not cost that.
make_own() {
  [ -s "$own/privkey.pem" ] && [ "$(cat "$own/domain" 2>/dev/null)" = "$DOMAIN" ] &&
    openssl x509 -in "$own/fullchain.pem" -noout -checkend 2592000 >/dev/null 2>&1 && return
  echo "certificate: making a self-signed one for $DOMAIN"
  case $DOMAIN in *[!0-9.]*) name="DNS:$DOMAIN" ;; *) name="IP:$DOMAIN" ;; esac
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj "/CN=$DOMAIN" -addext "subjectAltName=$name" -addext "basicConstraints=critical,CA:FALSE" \
    -keyout "$own/privkey.new" -out "$own/fullchain.new" 2>/dev/null &&
    openssl x509 -in "$own/fullchain.new" -noout && chmod 0600 "$own/privkey.new" &&
    mv "$own/privkey.new" "$own/privkey.pem" && mv "$own/fullchain.new" "$own/fullchain.pem" &&
    echo "$DOMAIN" >"$own/domain"
}

# Not while one of the two files is there already and the other is not yet.
fits() {
  key=$(openssl pkey -in "$1/privkey.pem" -pubout 2>/dev/null) &&
    [ "$key" = "$(openssl x509 -in "$1/fullchain.pem" -noout -pubkey 2>/dev/null)" ]
}

chosen() {
  if [ "$TLS_MODE" = letsencrypt ] && [ -s "$real/fullchain.pem" ] && [ -s "$real/privkey.pem" ] &&
    openssl x509 -in "$real/fullchain.pem" -noout -ext subjectAltName 2>/dev/null |
    grep -q "DNS:$DOMAIN\b"; then
    echo "$real"
  elif [ "$TLS_MODE" = self-signed ] && fits "$given"; then
    echo "$given"
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

make_own || [ -s "$own/privkey.pem" ]
take || true
while sleep 30; do
  make_own || echo "certificate: a new self-signed one can't be stored" >&2
  if take; then nginx -s reload; fi
done &
