#!/usr/bin/env bash
# Installs the Debian package in a new Debian and follows docs/operations/install.md there, without systemd.
#
# usage: package.sh PACKAGE
#
# The new root is made once and kept in ROOT (default: .build-root); the rest happens in a copy of it.
set -euo pipefail
# What is mounted below stays invisible to this machine.
[ -n "${ALONE:-}" ] || ALONE=1 exec unshare --mount "$0" "$@"
package=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
base=$(readlink -m "${ROOT:-.build-root}")
work=$(mktemp -d /tmp/gh-XXXXXX)
root=$work/root
server=
listener=

finish() {
    for child in $server $listener; do kill "$child" 2>/dev/null && wait "$child" 2>/dev/null; done || true
    if mountpoint --quiet "$root/proc"; then umount "$root/proc"; fi
    rm -rf --one-file-system "$work"
}
trap finish EXIT

say() { echo "package: $*"; }
fail() { echo "package: $* does not hold" >&2; exit 1; }
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; }

if [ ! -e "$base/complete" ]; then
    rm -rf "$base"
    debootstrap --variant=minbase --include=ca-certificates,adduser,init-system-helpers,libssl3,libsqlite3-0,bash-completion \
        bookworm "$base" >"$work/debootstrap.log" 2>&1 || { tail -20 "$work/debootstrap.log" >&2; exit 1; }
    touch "$base/complete"
fi
cp -a "$base" "$root"
# Swift reads the arguments of a program there.
mount -t proc proc "$root/proc"

lintian --fail-on error,warning "$package"
say "lintian has no complaint"

cp "$package" "$root/gatehouse.deb"
inside dpkg --install /gatehouse.deb >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; fail "the installation"; }
say "it installs in a new Debian"

for expected in "700 gatehouse gatehouse /var/lib/gatehouse" "700 gatehouse gatehouse /var/backups/gatehouse" \
    "640 root gatehouse /etc/gatehouse/keys-passphrase" "644 root root /etc/gatehouse/gatehouse.yaml" \
    "755 root root /usr/bin/gatehouse"; do
    found=$(inside stat -c '%a %U %G %n' "${expected##* }")
    [ "$found" = "$expected" ] || fail "$expected (it is $found)"
done
[ "$(inside sh -c 'wc -c </etc/gatehouse/keys-passphrase')" -ge 44 ] || fail "a passphrase of 32 random bytes"
say "owners and modes are as documented"

# Exit status 0 says little: a misspelt option is a line on standard error. The program is not on this machine.
mkdir "$work/units"
for unit in gatehouse.service gatehouse-backup.service gatehouse-backup.timer; do
    sed 's|=/usr/bin/gatehouse |=/usr/bin/env |' "$root/lib/systemd/system/$unit" >"$work/units/$unit"
done
complaints=$(cd "$work/units" && systemd-analyze verify --man=no ./*.service ./*.timer 2>&1 || true)
[ -z "$complaints" ] || fail "systemd-analyze verify is silent ($complaints)"
say "systemd knows every option of the units"

inside bash -c 'source /usr/share/bash-completion/completions/gatehouse && complete -p gatehouse' >/dev/null
inside gatehouse --version | grep -q '^gatehouse [0-9.]* (commit [0-9a-f]\{40\}' || fail "the version names its commit"
say "completions and version are there"

# As systemd starts it: its user, its folders, the credential, and a socket that hears what it says.
inside install -d -o gatehouse -g gatehouse -m 0700 /run/gatehouse /run/credentials
inside install -o gatehouse -g gatehouse -m 0400 /etc/gatehouse/keys-passphrase /run/credentials/keys-passphrase
python3 -c '
import os, socket, sys
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
while True:
    print(heard.recv(4096).decode().split("\n")[0], flush=True)
' "$root/run/notify" >"$work/notified" &
listener=$!
for _ in $(seq 100); do [ -S "$root/run/notify" ] && break; sleep 0.1; done

groups=gatehouse
as_service() { chroot --userspec=gatehouse:gatehouse --groups="$groups" "$root" /usr/bin/env -i PATH=/usr/bin "$@"; }
heard() {
    for _ in $(seq 600); do
        [ "$(tail -n 1 "$work/notified")" = "$1" ] && return
        kill -0 "$server" 2>/dev/null || { [ "$1" = STOPPING=1 ] || { cat "$work/serve.log" >&2; fail "the server runs"; }; }
        sleep 0.1
    done
    fail "systemd hears $1"
}

start() {
    # Not by the function: its shell would be the process that signals reach.
    chroot --userspec=gatehouse:gatehouse --groups="$groups" "$root" /usr/bin/env -i PATH=/usr/bin NOTIFY_SOCKET=/run/notify \
        GATEHOUSE_KEYS_PASSPHRASE_FILE=/run/credentials/keys-passphrase \
        /usr/bin/gatehouse serve --config /etc/gatehouse/gatehouse.yaml >"$work/serve.log" 2>&1 &
    server=$!
    heard READY=1
}
start
say "the server starts as its user, with the credential, and says that it is ready"

inside gatehouse ready
inside gatehouse doctor >"$work/doctor" || true
grep -q '^ok  *server .*: version ' "$work/doctor" || { cat "$work/doctor" >&2; fail "doctor finds the server"; }
! grep '^problem' "$work/doctor" || fail "doctor has no complaint"
printf 'correct horse battery\n' | inside gatehouse users add ada --password-stdin >/dev/null
inside gatehouse resources add https://notes.example/mcp --name Notes --owner 'Grace Hopper' \
    --scope 'notes:read=Read your notes' >/dev/null
inside gatehouse users list | grep -q ada || fail "the first user is listed"
curl --silent --fail http://127.0.0.1:8081/readyz >/dev/null
curl --silent --fail http://localhost:8080/.well-known/oauth-authorization-server | grep -q '"issuer":"http://localhost:8080"' ||
    fail "the issuer is served"
say "root's commands reach it, and it serves its issuer"

kill -HUP "$server"
for _ in $(seq 600); do grep -q RELOADING=1 "$work/notified" && break; sleep 0.1; done
grep -q RELOADING=1 "$work/notified" || fail "systemd hears of the reload"
heard READY=1
backup=$(sed -n 's/^ExecStart=\/usr\/bin\/gatehouse \(.*\) \$BACKUP_OPTIONS$/\1/p' "$root/lib/systemd/system/gatehouse-backup.service")
# shellcheck disable=SC2086
as_service gatehouse $backup >/dev/null
[ "$(inside sh -c 'ls /var/backups/gatehouse | wc -l')" = 1 ] || fail "the timer's command writes one backup"
inside gatehouse templates export /etc/gatehouse/templates gatehouse.css >/dev/null
[ "$(inside stat -c %a /etc/gatehouse/templates/gatehouse.css)" = 644 ] || fail "an exported template is readable"
kill -TERM "$server"
heard STOPPING=1
wait "$server" || fail "it stops with status 0"
server=
say "it reloads, backs up, and stops"

as_service gatehouse users list | grep -q ada || fail "its user works without a server"
! inside gatehouse users list >"$work/refused" 2>&1 || fail "root is told to use the server's user"
grep -q "belongs to" "$work/refused" || { cat "$work/refused" >&2; fail "root is told why"; }
# When a start failed, root looks for the reason.
! inside gatehouse doctor | grep passphrase || fail "doctor accepts the passphrase file of the package"
inside test -e /usr/share/doc/gatehouse/operations/prometheus/gatehouse.rules.yaml || fail "the alert rules are installed"

inside groupadd operators
inside usermod --append --groups operators gatehouse
inside useradd --groups operators olga
inside useradd peter
sed -i 's|gatehouse.sock }|gatehouse.sock, group: operators }|' "$root/etc/gatehouse/gatehouse.yaml"
groups=gatehouse,operators
start
chroot --userspec=olga --groups=operators "$root" /usr/bin/gatehouse users list | grep -q ada || fail "a member of the group is served"
! chroot --userspec=peter --groups=peter "$root" /usr/bin/gatehouse users list >"$work/peter" 2>&1 || fail "others are refused"
kill -TERM "$server"
wait "$server"
server=
say "members of the group administer it, and others do not"

inside dpkg --install /gatehouse.deb >/dev/null 2>&1
[ "$(inside sh -c 'sha256sum </etc/gatehouse/keys-passphrase')" = "$(sha256sum <"$root/run/credentials/keys-passphrase")" ] ||
    fail "an upgrade keeps the passphrase"
inside dpkg --purge gatehouse >"$work/purge.log" 2>&1
grep -q 'Kept: /var/lib/gatehouse' "$work/purge.log" || fail "a purge says what it keeps"
[ -e "$root/var/lib/gatehouse/data/gatehouse.sqlite" ] && [ -e "$root/etc/gatehouse/keys-passphrase" ] ||
    fail "a purge keeps the data and the passphrase"
[ ! -e "$root/usr/bin/gatehouse" ] && [ ! -e "$root/etc/gatehouse/gatehouse.yaml" ] || fail "a purge removes the rest"
say "an upgrade and a purge keep what cannot be made again"
