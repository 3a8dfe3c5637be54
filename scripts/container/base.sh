#!/usr/bin/env bash
# base.sh FILE: what stands in for the official image of Node where no registry can be reached, as an archive of a root
# file system: Debian's smallest set of packages with the node and npm of this machine. It carries this machine's mirror
# and certificates, so it is for tests here alone, never to be published.
set -euo pipefail
file=$1
[ ! -s "$file" ] || exit 0
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"
mirror=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources 2>/dev/null || :)
mmdebstrap --quiet --variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
  --include=usr-is-merged,libstdc++6 bookworm "$tree" ${mirror:+"$mirror"} >"$file.log" 2>&1 || { tail -20 "$file.log"; exit 1; }

# Where the official image has them: everything below /usr/local, and a user called node.
local=$tree/usr/local
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
install -D -m 755 "$(readlink -f "$(command -v node)")" "$local/bin/node"
mkdir -p "$local/lib/node_modules" "$local/etc"
cp -a "$npm" "$local/lib/node_modules/npm"
for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$local/bin/$name"; done
env -u NODE_EXTRA_CA_CERTS chroot "$tree" useradd --user-group --uid 1000 --shell /bin/bash --create-home node
cat >"$local/bin/docker-entrypoint.sh" <<'SH'
#!/bin/sh
case ${1:-} in -*|'') set -- node "$@" ;; esac
command -v "$1" >/dev/null || set -- node "$@"
exec "$@"
SH
chmod 755 "$local/bin/docker-entrypoint.sh"

# npm inside the build trusts whom the machine trusts: where it does not, npm ci waits for minutes instead of failing.
install -m 644 /etc/ssl/certs/ca-certificates.crt "$local/share/build-ca.crt"
printf 'cafile=/usr/local/share/build-ca.crt\nupdate-notifier=false\n' >"$local/etc/npmrc"
: >"$tree/etc/resolv.conf"
rm -f "$tree/etc/hostname"
tar --numeric-owner -C "$tree" -cf "$file.part" .
mv "$file.part" "$file"
