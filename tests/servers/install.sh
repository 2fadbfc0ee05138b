#!/usr/bin/env bash
# Get the real servers that the tests talk to, on Debian as root; only what is missing.
#
# OpenSSH, PostgreSQL and Chromium are installed. ProFTPD and vsftpd refuse to be installed side by
# side, so both are unpacked into var/servers and run by path, and so is Prometheus. No
# package starts a service: the tests start their own, on loopback. Elsewhere this says what is
# missing and ends well: the tests skip what is not there.
set -eu
cd "$(dirname "$0")/../.."
unpacked=$PWD/var/servers
export DEBIAN_FRONTEND=noninteractive

packages=()
archives=()
has() { PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$1" >/dev/null 2>&1; }
has sshd || packages+=(openssh-server)
has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
has chromium || has chromium-browser || has google-chrome || packages+=(chromium fonts-dejavu-core)
has vsftpd || [ -x "$unpacked/vsftpd/usr/sbin/vsftpd" ] || archives+=(vsftpd)
has proftpd || [ -x "$unpacked/proftpd-core/usr/sbin/proftpd" ] || archives+=(proftpd-core)
has proftpd || [ -d "$unpacked/proftpd-mod-crypto/usr" ] || archives+=(proftpd-mod-crypto) # TLS
has promtool || [ -x "$unpacked/prometheus/usr/bin/promtool" ] || archives+=(prometheus)

missing="${packages[*]-} ${archives[*]-}"
[ -n "${missing// /}" ] || exit 0
if ! has apt-get || [ "$(id -u)" != 0 ]; then
    echo "Missing: $missing. Run 'make servers' as root on Debian, or install them yourself;" \
        "until then the tests that need them are skipped." >&2
    exit 0
fi

# invoke-rc.d asks policy-rc.d whether it may start a service: no.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi

apt_get() { apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"; }
apt_get update
if [ ${#packages[@]} -gt 0 ]; then
    apt_get install --yes --no-install-recommends --no-remove "${packages[@]}" >&2
fi
for name in ${archives[@]+"${archives[@]}"}; do
    folder=$(mktemp -d)
    ! id _apt >/dev/null 2>&1 || chown _apt "$folder" # who downloads
    (cd "$folder" && apt_get download "$name" >&2)
    # Without ProFTPD itself, on which its modules depend: that one is unpacked, too. What
    # Prometheus asks for besides the C library are pages, which no test looks at.
    [ "$name" = prometheus ] || apt_get satisfy --yes --no-install-recommends --no-remove \
        "$(dpkg-deb --field "$folder"/*.deb Depends | sed -E 's/(, *)?proftpd-[^,]*//g; s/^, *//')" >&2
    rm -rf "${unpacked:?}/$name"
    mkdir -p "$unpacked/$name"
    dpkg-deb --extract "$folder"/*.deb "$unpacked/$name"
    rm -rf "$folder"
done
