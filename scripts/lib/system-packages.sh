# Sourced by scripts/test: the programs that do not come from npm.

find_chromium() {
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    [ -n "$name" ] && command -v "$name" 2>/dev/null && return 0
  done
  return 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive
  export DEBIAN_FRONTEND
  quietly as_root apt-get update -qq &&
    quietly as_root apt-get install -y -qq --no-install-recommends "$@"
}

# Sets CHROMIUM to the browser's path.
bring_system_packages() {
  missing=
  find_chromium >/dev/null || missing="$missing chromium"
  command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
  if [ -n "$missing" ]; then
    command -v apt-get >/dev/null 2>&1 || fail "Missing:$missing. Install them and try again."
    if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
      fail "Missing:$missing. Install them with: sudo apt-get install$missing"
    fi
    say "Installing$missing ..."
    # Words of the list are package names.
    # shellcheck disable=SC2086
    apt_install $missing || fail "Could not install$missing; see above."
  fi
  CHROMIUM=$(find_chromium)
  export CHROMIUM
}
