# What the scripts share. Sourced, not run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
swift_flags=(--explicit-target-dependency-import-check error)

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# need_packages COMMAND-OR-FILE:PACKAGE ... : installs the Debian packages whose command or file is missing.
need_packages() {
    local pair probe missing=()
    for pair in "$@"; do
        probe=${pair%%:*}
        if [[ $probe == /* ]]; then [[ -e $probe ]] || missing+=("${pair#*:}")
        else PATH="$PATH:/usr/sbin:/sbin" command -v "$probe" >/dev/null || missing+=("${pair#*:}"); fi
    done
    ((${#missing[@]})) || return 0
    local sudo=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || die "these Debian packages are missing and only root can install them: ${missing[*]} (apt-get install ${missing[*]})"
        sudo=(sudo)
    fi
    say "installing Debian packages: ${missing[*]}"
    "${sudo[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
        die "apt-get could not install: ${missing[*]}"
}

need_swift() {
    command -v swift >/dev/null || die "no Swift toolchain on PATH: l45 needs Swift 6.3 or newer (swift.org/install)"
}

# What a build needs beyond Swift.
need_build_packages() {
    need_swift
    need_packages /usr/include/sqlite3.h:libsqlite3-dev pkg-config:pkg-config git:git
}

# The real programs that the quickstart and the tests put under the tap.
need_real_programs() {
    need_packages dig:bind9-dnsutils dnsmasq:dnsmasq-base nginx:nginx-light curl:curl openssl:openssl \
        python3:python3 tcpdump:tcpdump ip:iproute2 perl:perl-base
}
