#!/usr/bin/env bash
# Prints the path of a valkey-server. Where there is none, it unpacks Debian 13's, with the libraries that it needs, in a folder beside this script: Debian 12 has
# none, and its C library is too old for that one. Needs no root; nothing is installed.
set -euo pipefail
command -v valkey-server && exit

place="$(cd "$(dirname "$0")" && pwd)/.valkey"
server="$place/valkey-server"
[ -x "$server" ] && echo "$server" && exit
command -v apt-get >/dev/null || { echo "Cannot test with Valkey: install valkey-server" >&2; exit 1; }

mkdir -p "$(dirname "$place")"
work="$(mktemp -d "$place.XXXXXX")"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists,cache/archives}/partial "$work/root"
touch "$work/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main" >"$work/sources.list"
apt() {
  apt-get -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$work/lists" \
    -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" \
    -o Debug::NoLocking=1 "$@" >&2
}
apt update
# As if nothing were there: the server comes with its own C library.
apt install -y --download-only --no-install-recommends valkey-server
for package in "$work"/cache/archives/*.deb; do dpkg -x "$package" "$work/root"; done

libraries="$(dirname "$(find "$work/root/usr/lib" -name 'ld-linux*' | head -n 1)")"
mkdir "$work/libraries"
cp -L "$libraries"/*.so* "$work/libraries"
cp "$work/root/usr/bin/valkey-server" "$work/program"
rm -rf "$work"/{lists,cache,root,status,sources.list}
cat >"$work/valkey-server" <<'START'
#!/bin/sh
here="$(dirname "$0")"
exec "$here"/libraries/ld-linux*.so.* --library-path "$here/libraries" "$here/program" "$@"
START
chmod +x "$work/valkey-server"
mv -T "$work" "$place" 2>/dev/null || [ -x "$server" ]

echo "$server"
