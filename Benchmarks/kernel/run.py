"""Every state in a machine of its own, all from one image: what differs is the state, and what it cost. Virtual time counts
instructions (QEMU, icount), one a nanosecond, so a busy host changes nothing and a repetition gives the same figures to the
digit (--twice holds that to account)."""

import argparse
import os
import statistics
import subprocess
import sys

ROOT = os.getcwd()
HERE = "Benchmarks/kernel"
STATES = ["base", "l45_idle", "l45_names", "l45_nomatch", "l45_tagged", "naive_idle", "naive_nomatch", "naive_tagged"]
WORKLOADS = ["dns", "ping", "flows", "connections", "bulk", "http", "sendfile"]
TITLES = {
    "dns": "dig -f, 1000 queries, dnsmasq",
    "ping": "UDP, 3000 exchanges on one socket",
    "flows": "UDP, 1000 exchanges, a socket each",
    "connections": "TCP, 500 connections",
    "bulk": "TCP, 20 MiB, loopback",
    "http": "curl and nginx, 20 MiB, no sendfile",
    "sendfile": "curl and nginx, 20 MiB, sendfile",
}
BYTES = 20 << 20
ICOUNT = "-icount shift=0,sleep=off -rtc base=2026-01-01,clock=vm"


def call(*command, **options):
    return subprocess.run(command, check=True, text=True, **options)


def build_guest(out):
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-ISources/CL45Core/include"]
    control = "kmod/tests/control"
    call("cc", *flags, "-o", f"{out}/work", f"{HERE}/work.c")
    call("cc", *flags, "-o", f"{out}/rules", f"{HERE}/rules.c", f"{control}/client.c", f"{control}/attribute.c",
         f"{control}/table.c")


def build_naive(kernel, folder, out):
    """In a copy, so that the tree stays clean."""
    copy = f"{out}/naive-source"
    os.makedirs(copy, exist_ok=True)
    call("rsync", "-a", f"{HERE}/naive", f"{HERE}/ports.h", "Sources/CL45Core", copy)
    with open(f"{out}/naive.log", "w") as log:
        if subprocess.run(["make", "-C", f"{folder}/build", f"M={os.path.abspath(copy)}/naive", "modules"],
                          stdout=log, stderr=log).returncode:
            sys.exit(f"error: the baseline does not build for kernel {kernel}: {out}/naive.log")
    return f"{copy}/naive/naive.ko"


def boot(kernel, state, rounds, image, files):
    """{workload: [nanoseconds of each round]}"""
    env = dict(os.environ, VM_IMAGE=image, VM_MEM="1024", VM_SECONDS="900", VM_BIN="dig dnsmasq nginx curl",
               VM_APPEND=f"nokaslr l45bench={state} l45rounds={rounds}", VM_QEMU=ICOUNT)
    ran = subprocess.run(["kmod/tests/vm", kernel, f"{HERE}/guest.sh", *files], env=env, text=True, stdout=subprocess.PIPE)
    lines = ran.stdout.splitlines()
    if ran.returncode or f"BENCH-DONE {state}" not in lines:
        print(ran.stdout[-6000:], file=sys.stderr)
        sys.exit(f"error: kernel {kernel}, state {state}: the machine did not run all workloads (exit {ran.returncode})")
    figures = {}
    for words in (line.split() for line in lines):
        if len(words) == 3 and words[0] == "FIGURE":
            figures.setdefault(words[1], []).append(int(words[2]))
    counts = [line for line in lines if line.startswith("COUNT ")]
    if state.endswith("_tagged") and not any(int(w) for line in counts for w in line.split()[-1:] + line.split()[4:5] if w.isdigit()):
        sys.exit(f"error: kernel {kernel}, state {state}: not a message was tagged")
    return figures, counts


def main():
    parse = argparse.ArgumentParser(prog="scripts/bench kernel")
    parse.add_argument("--kernel", default="6.1")
    parse.add_argument("--rounds", type=int, default=5)
    parse.add_argument("--states", default=",".join(STATES))
    parse.add_argument("--twice", action="store_true", help="run every state twice and compare to the digit")
    parse.add_argument("--module", help="this l45.ko instead of a build of the tree")
    parse.add_argument("--counts", action="store_true", help="print what the modules counted")
    options = parse.parse_args()
    kernel = options.kernel
    out = f".build/kernel-bench/{kernel}"
    os.makedirs(out, exist_ok=True)
    folder = call("kmod/tests/kernels", kernel, stdout=subprocess.PIPE).stdout.strip()
    build_guest(out)
    naive = build_naive(kernel, folder, out)
    states = [s for s in options.states.split(",") if s]
    files = [f"{out}/work", f"{out}/rules", f"{HERE}/nginx.conf", naive]
    if any(s.startswith("l45") for s in states):
        files.append(options.module or call("kmod/tests/module", kernel, stdout=subprocess.PIPE).stdout.strip())
    image = os.path.abspath(f"{out}/image")
    if os.path.exists(image):
        os.remove(image)
    figures, unlike = {}, []
    for state in states:
        figures[state], counts = boot(kernel, state, options.rounds, image, files)
        if options.counts:
            print(f"{state}:", *counts, sep="\n  ")
        print(f"{state:14}" + "".join(f" {w} {statistics.median(figures[state][w]) / 1e6:.3f}" for w in WORKLOADS), flush=True)
        if options.twice and boot(kernel, state, options.rounds, image, files)[0] != figures[state]:
            unlike.append(state)
    report(kernel, states, figures)
    if options.twice:
        print("repetition: " + (f"NOT the same in {', '.join(unlike)}" if unlike else "the same to the digit in every state"))


def report(kernel, states, figures):
    middle = {s: {w: statistics.median(figures[s][w]) for w in WORKLOADS} for s in states}
    print(f"\nkernel {kernel}, virtual ms (median of the rounds), and beside the base")
    for work in WORKLOADS:
        print(f"{TITLES[work]}:")
        for state in states:
            rounds = figures[state][work]
            print(f"  {state:14} {middle[state][work] / 1e6:9.3f}  {middle[state][work] / middle['base'][work] - 1:+8.2%}"
                  f"   rounds {min(rounds) / 1e6:.3f} .. {max(rounds) / 1e6:.3f}" if "base" in states else "")
    if "base" not in states:
        return
    for state in states:
        if state == "base":
            continue
        mechanism, kind = state.split("_")
        prefix = "naive_" if mechanism == "naive" else "kernel_"
        for work in WORKLOADS:
            print(f"RESULT {prefix}{work}_{kind}_ratio={middle[state][work] / middle['base'][work]:.4f} ratio")
        if kind == "tagged":
            per_byte = (middle[state]["bulk"] - middle["base"]["bulk"]) / BYTES
            print(f"RESULT {prefix}bulk_tagged_per_byte={per_byte:.3f} instructions")


main()
