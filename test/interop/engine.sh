#!/usr/bin/env bash
# Makes `docker` usable for `npm run test:interop`: an engine that answers, and the base images of the servers.
# Where both are there it changes nothing. Else, as root on a Debian machine:
# - installs Debian's engine and compose and starts dockerd, open to the group of whoever called sudo;
# - pulls the base images; where no registry of images answers, makes stand-ins of the same names by debootstrap. They get
#   this machine's certificates and pip settings, so that a build trusts what the machine trusts.
set -euo pipefail
cd "$(dirname "$0")"

say() { echo "engine: $*" >&2; }

install() {
  say "installing $*"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

answers() { docker info >/dev/null 2>&1; }
has_compose() { docker compose version >/dev/null 2>&1 || docker-compose version >/dev/null 2>&1; }

start_engine() {
  command -v dockerd >/dev/null || install docker.io iptables
  say "starting dockerd"
  local log
  log=$(mktemp)
  setsid dockerd --group "${SUDO_GID:-0}" >"$log" 2>&1 </dev/null &
  for _ in $(seq 120); do
    if answers; then return; fi
    sleep 0.5
  done
  say "dockerd does not answer:"
  tail -n 20 "$log" >&2
  exit 1
}

# A minimal Debian ($1) from the package archive, under the name ($2) of the image that it stands in for.
make_base() {
  command -v debootstrap >/dev/null || install debootstrap
  local root
  root=$(mktemp -d)
  debootstrap --variant=minbase --include=ca-certificates "$1" "$root" >"$root.log" 2>&1 || {
    say "debootstrap $1 failed:"
    tail -n 20 "$root.log" >&2
    exit 1
  }
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  if [ -f /etc/pip.conf ]; then cp /etc/pip.conf "$root/etc/pip.conf"; fi
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  tar -C "$root" -c . | docker import --change 'CMD ["bash"]' - "$2" >/dev/null
  rm -rf "$root" "$root.log"
}

answers || start_engine
has_compose || install docker-compose

for image in $(sed -n 's/^FROM \(debian:[a-z]*-slim\).*/\1/p' servers/*/Dockerfile | sort -u); do
  docker image inspect "$image" >/dev/null 2>&1 && continue
  timeout 60 docker pull -q "$image" >/dev/null 2>&1 && continue
  suite=${image#debian:}
  say "no registry gives $image: making a stand-in by debootstrap"
  make_base "${suite%-slim}" "$image"
done
say "ready: $(docker version --format 'engine {{.Server.Version}}')"
