#!/usr/bin/env bash
# smoke.sh: builds the image of the Dockerfile with podman and runs it twice over one volume, as a careful user would: root
# file system read-only, no capabilities, no new privileges. Each time it must become healthy, answer $PROBE (a command that
# gets 1, then 2, and finds in 2 what it left in 1), not be root, and end with code 0 when stopped.
#
# For root on Debian 12, where it installs what is missing; no registry is needed. $HOSTPORT is the port on the host,
# $CACHE keeps the engine's storage between runs. Exit codes: 0 good, 1 not, 77 the engine could not be installed.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..")
mkdir -p "$CACHE"

missing=
for name in podman buildah runc slirp4netns conmon mmdebstrap; do command -v "$name" >/dev/null || missing=1; done
if [ -n "$missing" ]; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends podman buildah runc slirp4netns netavark catatonit mmdebstrap >/dev/null || exit 77
fi
bash "$here/base.sh" "$CACHE/base.tar"

# crun of Debian 12 knows no hybrid cgroups; limits above those of the machine need a capability; steps of the build share
# the host's network, for a bridge needs iptables.
cat >"$CACHE/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
netns = "host"
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
export CONTAINERS_CONF=$CACHE/containers.conf
engine=(podman --storage-driver overlay --root "$CACHE/storage" --runroot "$CACHE/run")
container=ottla-smoke volume=ottla-smoke image=localhost/ottla:smoke

clean () {
  "${engine[@]}" rm -f -t 1 "$container" >/dev/null 2>&1 || :
  "${engine[@]}" volume rm -f "$volume" >/dev/null 2>&1 || :
}
fail () {
  echo "failed: $*"
  "${engine[@]}" logs "$container" 2>&1 | tail -40 || :
  exit 1
}
trap clean EXIT
clean

line=$(sed -n 's/^ARG NODE=//p' "$root/Dockerfile")
bases=$(sed -nE 's/^FROM (node:[^ ]+).*/\1/p; s/^ARG BASE=(node:.*)/\1/p' "$root/Dockerfile" | sed "s/\${NODE}/$line/" | sort -u)
for name in $bases; do
  "${engine[@]}" image exists "localhost/$name" || "${engine[@]}" import -q --change 'CMD ["node"]' \
    --change 'ENTRYPOINT ["docker-entrypoint.sh"]' \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$CACHE/base.tar" "localhost/$name" >/dev/null
  echo "base: $name, played by node $(node -v)"
done
# The format of Docker, since that of OCI has no health check.
timeout 600 "${engine[@]}" build --format docker --pull=never --network host -t "$image" "$root" >"$CACHE/build.log" 2>&1 ||
  { tail -30 "$CACHE/build.log"; echo 'failed: the build'; exit 1; }

"${engine[@]}" image inspect "$image" >"$CACHE/image.json"
of_image () {
  node -p "const [image] = JSON.parse(require('fs').readFileSync('$CACHE/image.json')), { Config: config } = image; $1"
}
echo "image: $(of_image "\`\${Math.round(image.Size / 1e6)} MB, user \${config.User}, volumes \${Object.keys(config.Volumes)}, stopped by \${config.StopSignal}\`")"
case $(of_image 'config.User') in ''|undefined|root*|0*) fail 'the image runs as root' ;; esac
health=$(of_image "(image.HealthCheck ?? image.Healthcheck ?? config.Healthcheck).Test.slice(1).map(word => \"'\" + word + \"'\").join(' ')")

for round in 1 2; do
  # Health is asked for by hand: without systemd the engine has no timers.
  "${engine[@]}" run -d --name "$container" --no-healthcheck --network slirp4netns -p "127.0.0.1:$HOSTPORT:9092" --read-only \
    --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges -v "$volume:/data" \
    -e "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:$HOSTPORT" "$image" >/dev/null
  for try in $(seq 1 100); do
    "${engine[@]}" exec "$container" sh -c "$health" >"$CACHE/health.log" 2>&1 && break
    [ "$try" -lt 100 ] && [ "$("${engine[@]}" inspect "$container" --format '{{.State.Running}}')" = true ] ||
      { cat "$CACHE/health.log"; fail "round $round: not healthy"; }
    sleep 0.2
  done
  timeout 60 bash -c "$PROBE $round" || fail "round $round: the probe"
  "${engine[@]}" exec "$container" sh -c 'test "$(id -u)" != 0' || fail "round $round: it runs as root"
  "${engine[@]}" stop -t 10 "$container" >/dev/null
  code=$("${engine[@]}" inspect "$container" --format '{{.State.ExitCode}}')
  [ "$code" = 0 ] || fail "round $round: exit code $code after stop"
  echo "round $round: healthy, probed, stopped in order"
  "${engine[@]}" rm "$container" >/dev/null
done
echo 'the image is good'
