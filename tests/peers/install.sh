#!/bin/sh
# Installs the real mail programs that the interop tests talk to, where root on Debian may.
#
# Nothing is started, nothing is removed, and no configuration is written: the tests bring their
# own. Elsewhere it names what is missing and ends well; the tests that need it then skip.
set -eu

# A package, and the file that shows that it is there.
peers() {
    echo "dovecot-core /usr/sbin/dovecot"
    echo "dovecot-pop3d /usr/lib/dovecot/pop3"
    echo "dovecot-imapd /usr/lib/dovecot/imap"
    echo "fetchmail fetchmail"
    echo "mpop mpop"
    echo "getmail6 getmail"
    echo "curl curl"
    echo "hydra hydra"
    echo "strace strace"
    echo "openssl openssl"
    echo "nmap nmap"
    echo "testssl.sh testssl"
    echo "haproxy haproxy"
}

missing() {
    peers | while read -r package file; do
        command -v "$file" >/dev/null 2>&1 || printf ' %s' "$package"
    done
}

tell() {
    echo "peers: missing:$1 ($2); the tests that need them skip." >&2
}

# The POP3 servers of Courier, popa3d and Dovecot do not go together on one machine, so only Dovecot's
# is installed: the others' files are laid out below the checkout, and no script of theirs runs.
unpacked=.unpacked
unpacked_packages="courier-base courier-pop courier-authlib courier-authdaemon libcourier-unicode4
    libidn12 libltdl7 popa3d"
unpack_others() {
    [ ! -d "$unpacked" ] && [ -f /etc/debian_version ] && command -v dpkg >/dev/null || return 0
    fetched=$(mktemp -d)
    # shellcheck disable=SC2086  # one word for each package
    (cd "$fetched" && apt-get download --quiet=2 $unpacked_packages >/dev/null 2>&1) &&
        for package in "$fetched"/*.deb; do dpkg -x "$package" "$unpacked.part"; done &&
        rm -rf "$unpacked.part/lib" && # it would hide the link to /usr/lib
        mv "$unpacked.part" "$unpacked" || tell " courier-pop popa3d" "apt-get could not fetch them"
    rm -rf "$fetched" "$unpacked.part"
}

absent=$(missing)
unpack_others
[ -n "$absent" ] || exit 0

if [ ! -f /etc/debian_version ] || ! command -v apt-get >/dev/null; then
    tell "$absent" "not Debian"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    tell "$absent" "not root"
    exit 0
fi

# invoke-rc.d asks this file before it starts a daemon; 101 means no.
policy=/usr/sbin/policy-rc.d
kept=
placed=
restore() {
    [ -z "$placed" ] || rm -f "$policy"
    [ -z "$kept" ] || mv "$kept" "$policy"
    placed=
    kept=
}
trap restore EXIT
trap 'exit 1' HUP INT TERM
answer=0
if [ -e "$policy" ]; then
    "$policy" dovecot start >/dev/null 2>&1 || answer=$?
fi
if [ "$answer" -ne 101 ]; then
    if [ -e "$policy" ]; then
        kept=$policy.kept-by-peers
        mv "$policy" "$kept"
    fi
    placed=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
log=$(mktemp)
install_absent() {
    # shellcheck disable=SC2086  # one word for each package
    apt-get install --quiet=2 --yes --no-install-recommends --no-remove \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
        $absent >"$log" 2>&1 </dev/null
}

# The lists of packages may be absent or old; they are fetched only if the first try fails.
install_absent || {
    apt-get update --quiet=2 -o DPkg::Lock::Timeout=300 >/dev/null 2>&1 || true
    install_absent || cat "$log" >&2
}
rm -f "$log"

absent=$(missing)
[ -n "$absent" ] || exit 0
tell "$absent" "apt-get could not install them"
# A machine that should have had them must not pass by skipping.
[ -z "${CI:-}" ] || exit 1
