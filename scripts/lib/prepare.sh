# Sourced by the commands: the project's Node.js and its packages, brought once and then reused.
# Afterwards `node` and `npm` are Node 24's, and the working directory is the project's.

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
node_version=$(cat "$project/.node-version")

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Runs a command quietly; its output is shown when it fails.
quietly() {
  quiet_log="$project/.cache/last-command.$$"
  if "$@" >"$quiet_log" 2>&1; then rm -f "$quiet_log"; return 0; fi
  cat "$quiet_log" >&2
  rm -f "$quiet_log"
  return 1
}

node_is_new_enough() {
  command -v node >/dev/null 2>&1 && node -e \
    'process.exit(Number(process.versions.node.split(".")[0]) >= 24 ? 0 : 1)' 2>/dev/null
}

# The builds that npm's `node` package would fetch in an install script, fetched without one.
bring_node() {
  home="$project/.cache/node-$node_version"
  if ! [ -x "$home/node_modules/.bin/node" ]; then
    command -v npm >/dev/null 2>&1 || fail "npm is missing: install Node.js 20 or newer with npm."
    build=$(node -p 'process.platform + "-" + process.arch') || fail "node does not run."
    say "Bringing Node.js $node_version ..."
    fresh="$home.$$"
    quietly npm install --prefix "$fresh" --no-save --no-package-lock --ignore-scripts \
      "node-$build@$node_version" ||
      { rm -rf "$fresh"; fail "Node.js $node_version could not be fetched for $build; install Node.js 24 and try again."; }
    rm -rf "$home"
    mv "$fresh" "$home"
  fi
  PATH="$home/node_modules/.bin:$PATH"
  export PATH
  node_is_new_enough || fail "$home does not run on this machine; install Node.js 24."
}

# Packages exactly as in the lock file. Install scripts are not needed and not run.
bring_packages() {
  stamp=node_modules/.installed-lock.json
  cmp -s package-lock.json "$stamp" && return 0
  say "Installing the packages ..."
  quietly npm ci --include=dev --include=optional --ignore-scripts ||
    fail "npm ci failed; see above."
  cp package-lock.json "$stamp"
}

cd -- "$project"
[ -w . ] || [ -d node_modules ] || fail "$project is not writable."
mkdir -p .cache 2>/dev/null || true
# npm keeps its downloads and logs in the home directory, which may be read-only.
if ! [ -w "${HOME:-/nonexistent}" ]; then
  npm_config_cache="$project/.cache/npm"
  export npm_config_cache
fi
npm_config_update_notifier=false
export npm_config_update_notifier
node_is_new_enough || bring_node
bring_packages
