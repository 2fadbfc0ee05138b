#!/usr/bin/env bash
# Get the tools that `python -m benchmarks.push` compares with, and what Debian's Python lacks, on
# Debian as root; only what is missing. Elsewhere this says what is missing and ends well: the
# benchmark leaves it out.
set -eu
export DEBIAN_FRONTEND=noninteractive

packages=()
has() { command -v "$1" >/dev/null 2>&1; }
has sftp || packages+=(openssh-client)
has lftp || packages+=(lftp)
has rclone || packages+=(rclone)
# Debian's own Python is a fast one, and comes without venv.
[ ! -x /usr/bin/python3 ] || /usr/bin/python3 -c "import ensurepip" 2>/dev/null ||
    packages+=(python3-venv)

[ ${#packages[@]} -gt 0 ] || exit 0
if ! has apt-get || [ "$(id -u)" != 0 ]; then
    echo "Missing: ${packages[*]}. Run benchmarks/install.sh as root on Debian, or install them" \
        "yourself; until then the benchmark leaves them out." >&2
    exit 0
fi

apt_get() { apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"; }
apt_get update
apt_get install --yes --no-install-recommends --no-remove "${packages[@]}" >&2
