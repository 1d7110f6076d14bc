# What the scripts share. Sourced, not run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Where dnsmasq, nginx and tcpdump are; an ordinary user of Debian has it not on PATH.
export PATH="$PATH:/usr/sbin:/sbin"
swift_flags=(--explicit-target-dependency-import-check error)

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# need_packages COMMAND-OR-FILE:PACKAGE ... : installs the Debian packages whose command or file is missing.
need_packages() {
    local pair probe missing=()
    for pair in "$@"; do
        probe=${pair%%:*}
        if [[ $probe == /* ]]; then [[ -e $probe ]] || missing+=("${pair#*:}")
        else command -v "$probe" >/dev/null || missing+=("${pair#*:}"); fi
    done
    ((${#missing[@]})) || return 0
    local sudo=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || die "these Debian packages are missing and only root can install them: ${missing[*]} (apt-get install ${missing[*]})"
        sudo=(sudo)
    fi
    say "installing Debian packages: ${missing[*]}"
    "${sudo[@]}" apt-get update -qq
    # Debian starts a service when it installs one, nginx on port 80; this is how it is told not to.
    local policy=/usr/sbin/policy-rc.d own_policy=
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
        "${sudo[@]}" chmod +x "$policy"
        own_policy=1
    fi
    local status=0
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
        status=$?
    [[ -z $own_policy ]] || "${sudo[@]}" rm -f "$policy"
    ((status == 0)) || die "apt-get could not install: ${missing[*]}"
}

need_swift() {
    command -v swift >/dev/null || die "no Swift toolchain on PATH: l45 needs Swift 6.3 or newer (swift.org/install)"
}

# What a build needs beyond Swift.
need_build_packages() {
    need_swift
    need_packages /usr/include/sqlite3.h:libsqlite3-dev /usr/include/libnl3/netlink/genl/genl.h:libnl-genl-3-dev pkg-config:pkg-config \
        git:git clang:clang readelf:binutils /usr/include/stdio.h:libc6-dev
}

# The real programs that the quickstart and the tests put under the tap.
need_real_programs() {
    need_packages dig:bind9-dnsutils dnsmasq:dnsmasq-base nginx:nginx-light curl:curl openssl:openssl \
        python3:python3 tcpdump:tcpdump ip:iproute2 perl:perl-base
}

# enter_namespaces SCRIPT [ARGUMENTS...]: runs the script again in network, mount and process namespaces of its own. Whatever it
# starts ends with it. Without root, as this user with the capabilities that they give inside.
enter_namespaces() {
    local own=(--net --mount --pid --fork --kill-child --mount-proc)
    ((EUID == 0)) || own+=(--map-current-user --keep-caps)
    unshare "${own[@]}" true 2>/dev/null ||
        die "cannot make namespaces: run as root, or allow them with 'sysctl kernel.unprivileged_userns_clone=1'"
    exec unshare "${own[@]}" "$@"
}
