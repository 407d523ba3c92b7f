# Sourced by scripts/upgrade: two versions of the appliance side by side. `from` and `to` name them:
# $work/from and $work/to are their sources, from_version, to_commit and so on what they are called.

# of WHICH NAME: the value of from_NAME or to_NAME.
of() { eval "printf '%s' \"\$${1}_$2\""; }

# Shows what a command wrote only when it fails.
quietly() {
  "$@" >"$work/log" 2>&1 && return
  tail -n 30 "$work/log" >&2
  return 1
}

# in_version WHICH ARGUMENT…: Compose with that version's files and names, on this appliance.
in_version() {
  which=$1
  shift
  (
    directory=${as_project:-$PWD}
    set -- --env-file "$settings" --project-directory "$directory" "$@"
    listed=${COMPOSE_FILE:-$(setting COMPOSE_FILE)}
    files=''
    IFS=:
    for file in ${listed:-docker-compose.yml}; do
      case $file in
      /*) ;;
      *) [ ! -f "$work/$which/$file" ] || file=$work/$which/$file ;;
      esac
      files="$files:$file"
    done
    unset IFS
    COMPOSE_FILE=${files#:} VERSION=$(of "$which" version) GIT_COMMIT=$(of "$which" commit)
    BUILD_TIME=$(of "$which" time) NGINX_VERSION=${proxy_version:-$VERSION}
    export COMPOSE_FILE VERSION GIT_COMMIT BUILD_TIME NGINX_VERSION
    # Words without blanks.
    # shellcheck disable=SC2086,SC2163
    [ "$which" != to ] || for base in $bases; do export "$base"; done
    exec docker compose "$@"
  )
}

state_of() { docker inspect --format "$2" "$1" 2>/dev/null; }
running() { [ "$(state_of "$1" '{{.State.Running}}')" = true ]; }
version_of() { state_of "$1" '{{.Config.Image}}' | sed 's/.*://'; }
backends() { compose ps --quiet --no-trunc "$@" backend; }
# One run of a container: one that was told to stop and started again since is another.
turn() { state_of "$1" '{{.Id}}/{{.State.StartedAt}}'; }
is_retired() { is_in "$(turn "$1")" "$stopping"; }
is_in() { case " $2 " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

# Calls that the backends carry which still take new ones.
calls_now() {
  sum=0
  for id in $(backends); do
    n=$(docker exec "$id" node -e 'fetch("http://127.0.0.1:8080/metrics").then((r) => r.text())
      .then((t) => console.log(/^agentlocator_calls_active (\d+)$/m.exec(t)[1]), () => console.log(0))') || n=0
    sum=$((sum + n))
  done
  echo "$sum"
}

# healthy CONTAINER: waits until it is; not for one that ends.
healthy() {
  tries=120
  while :; do
    case $(state_of "$1" '{{.State.Status}} {{.RestartCount}} {{if .State.Health}}{{.State.Health.Status}}{{end}}') in
    running*' healthy') return 0 ;;
    'running 0 starting' | 'running 1 starting') ;;
    *) break ;;
    esac
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || break
    sleep 1
  done
  docker logs --tail 15 "$1" >&2
  return 1
}

on_edge() { state_of "$1" '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}' | grep -qw "$edge"; }

# bring_up WHICH: as many backends of that version as there are to be, beside those of the other
# one. The proxy does not see a new one before it is healthy: it is on the proxy's network only then.
bring_up() {
  version=$(of "$1" version)
  for id in $(backends --all); do
    running "$id" || quietly docker rm "$id" || return 1
  done
  before=$(backends --all)
  have=0
  for id in $before; do
    [ "$(version_of "$id")" != "$version" ] || is_retired "$id" || have=$((have + 1))
  done
  missing=$((replicas - have))
  if [ "$missing" -gt 0 ]; then
    total=$(($(printf '%s\n' "$before" | grep -c .) + missing))
    quietly in_version "$1" up --no-start --no-deps --no-build --no-recreate --scale "backend=$total" backend || return 1
    for id in $(backends --all); do
      is_in "$id" "$(echo $before)" && continue
      quietly docker network disconnect "$edge" "$id" && quietly docker start "$id" || return 1
    done
  fi
  for id in $(backends); do
    [ "$(version_of "$id")" = "$version" ] && ! is_retired "$id" || continue
    healthy "$id" || return 1
    ! on_edge "$id" || continue
    quietly docker network connect --alias backend "$edge" "$id" || return 1
  done
  # Longer than the proxy keeps what a name leads to.
  sleep 2
}

# retire WHICH: its backends take nothing new from now on; they end with their last call. Each is
# told so once: told again it would end at once.
retire() {
  version=$(of "$1" version)
  for id in $(backends); do
    [ "$(version_of "$id")" = "$version" ] || continue
    is_retired "$id" && continue
    stopping="$stopping $(turn "$id")"
    remember
    docker stop "$id" >/dev/null 2>&1 9>&- &
  done
}

# Waits until all that were retired have ended, and removes them.
until_retired() {
  said=''
  for run in $stopping; do
    id=${run%%/*}
    while running "$id" && [ "$(turn "$id")" = "$run" ]; do
      [ -n "$said" ] || say "Waiting until its calls are over, for at most $drain s ..."
      said=1
      sleep 1
    done
    running "$id" || docker rm "$id" >/dev/null 2>&1 || true
  done
  stopping=''
  remember
}

# take_proxy WHICH: the running proxy serves that version's configuration and console.
take_proxy() {
  image="agentlocator/nginx:$(of "$1" version)"
  docker run --rm --network none --entrypoint tar "$image" -C /site -c . >"$work/site.tar" || return 1
  quietly docker exec -i "$proxy" take-site <"$work/site.tar"
}

# proxy_can_stay: true when the new version needs no new container of the proxy: the program in it
# is the same, and so is how it is started.
proxy_can_stay() {
  docker exec "$proxy" test -x /usr/local/bin/take-site 2>/dev/null || return 1
  proxy_version=$(version_of "$proxy")
  here=$(state_of "$proxy" '{{index .Config.Labels "com.docker.compose.config-hash"}}')
  there=$(in_version to config --hash nginx | cut -d ' ' -f 2)
  unset proxy_version
  [ "$here" = "$there" ] || return 1
  base=$(printf '%s\n' $bases | sed -n 's/^NGINX_IMAGE=//p')
  [ -n "$base" ] || base=$(setting NGINX_IMAGE)
  count=$(docker image inspect --format '{{len .RootFS.Layers}}' "${base:-nginx:1.28-bookworm}") || return 1
  for image in "$(state_of "$proxy" '{{.Image}}')" "agentlocator/nginx:$to_version"; do
    docker image inspect --format '{{range .RootFS.Layers}}{{println .}}{{end}}' "$image" | head -n "$count" | sha256sum
  done | sort -u | wc -l | grep -qx '1'
}

# The base images that the new version has in place of the ones before, as NAME=VALUE; what was set
# by hand stays. PostgreSQL's data is its version's, so that is never changed here.
new_bases() {
  for name in NODE_IMAGE NGINX_IMAGE DEBIAN_IMAGE REDIS_IMAGE; do
    before=$(sed -n "s/^$name=//p" "$work/from/.env.example")
    after=$(sed -n "s/^$name=//p" "$work/to/.env.example")
    [ -z "$after" ] || [ "$before" = "$after" ] || [ "$(setting "$name")" != "$before" ] || echo "$name=$after"
  done
}
