#!/usr/bin/env bash
# Makes the MongoDB-compatible server that these tests run on: DocumentDB, which is an extension of PostgreSQL, from Debian's
# packages. Debian 12 is too old to run them, so they live in a Debian of their own, in a folder that later runs use again.
set -euo pipefail

SUITE=forky
# What the folder was made from. A change here makes a new one.
EDITION=1
ROOT="${DOCUMENTDB_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/web-session-store/documentdb-$SUITE-$EDITION}"
POSTGRES=/usr/lib/postgresql/18/bin

# Test files run in parallel, and one of them makes it.
mkdir -p "$(dirname "$ROOT")"
exec 9>"$ROOT.lock"
flock 9
# What runs left behind that were killed.
[ -d "$ROOT/servers" ] && find "$ROOT/servers" -maxdepth 1 -name 'server-*' -mmin +600 -exec rm -rf {} +
[ -e "$ROOT/made" ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Cannot make the MongoDB-compatible server: it needs a Debian or Ubuntu, and root (chroot). Elsewhere, leave out npm run test:mongodb." >&2
  exit 1
fi

# debootstrap only recommends gpgv.
if ! command -v debootstrap >/dev/null || ! command -v gpgv >/dev/null; then
  apt-get update -q && apt-get install -qy --no-install-recommends debootstrap debian-archive-keyring gpgv
fi

# The mirror that this machine uses, whichever of the two ways apt keeps its sources.
MIRROR="$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ' || true)"
MIRROR="${DEBIAN_MIRROR:-${MIRROR:-http://deb.debian.org/debian}}"

rm -rf "$ROOT"
# A debootstrap of before this suite does not know it by name, but all are made alike.
debootstrap --variant=minbase "$SUITE" "$ROOT" "$MIRROR" /usr/share/debootstrap/scripts/sid

# Nothing starts by itself, and no cluster is made but ours.
printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d" && chmod +x "$ROOT/usr/sbin/policy-rc.d"
mkdir -p "$ROOT/etc/postgresql-common" && echo "create_main_cluster = false" >"$ROOT/etc/postgresql-common/createcluster.conf"
# Manuals and translations stay out.
printf 'path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/locale/*\n' >"$ROOT/etc/dpkg/dpkg.cfg.d/small"
echo force-unsafe-io >"$ROOT/etc/dpkg/dpkg.cfg.d/quick"
# A package calls this program, which fails where /proc is not mounted.
mkdir "$ROOT/stubs" && printf '#!/bin/sh\nexit 0\n' >"$ROOT/stubs/systemd-tmpfiles" && chmod +x "$ROOT/stubs/systemd-tmpfiles"
INSIDE_PATH=/stubs:/usr/sbin:/usr/bin:/sbin:/bin
inside() { env -i PATH="$INSIDE_PATH" LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$@"; }
# apt gives the scripts of packages a path of its own.
inside "$ROOT" apt-get -o DPkg::Path="$INSIDE_PATH" install -qy --no-install-recommends postgresql-18-documentdb
rm -rf "$ROOT"/var/cache/apt/archives/*.deb "$ROOT"/var/lib/apt/lists/*

# A cluster with the extension, which each server of the tests gets a copy of.
as_postgres() { inside --userspec=postgres:postgres "$ROOT" "$@"; }
install -d -o 0 -g 0 -m 1777 "$ROOT/servers"
as_postgres "$POSTGRES/initdb" -D /servers/template --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync
cat >>"$ROOT/servers/template/postgresql.conf" <<'CONF'
shared_preload_libraries = 'pg_cron, pg_documentdb_core, pg_documentdb'
cron.database_name = 'postgres'
cron.use_background_workers = on
# There is no /dev/shm in here.
dynamic_shared_memory_type = mmap
unix_socket_directories = ''
max_connections = 120
shared_buffers = 64MB
CONF
as_postgres "$POSTGRES/postgres" --single -j -D /servers/template postgres <<<"CREATE EXTENSION documentdb CASCADE;" >/dev/null
touch "$ROOT/made"
