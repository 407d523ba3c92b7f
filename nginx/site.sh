#!/bin/sh
# Before nginx starts: what it serves. That is what the image brought, or what this very container
# was given since (see take-site): a start again must not bring back an older console.
set -eu

site=/site
if [ -f /taken/by ] && [ "$(cat /taken/by)" = "$HOSTNAME" ] && [ -d /taken/current ]; then
  site=$(readlink -f /taken/current)
fi
ln -sfn "$site" /tmp/site
