"""Runs l45 survey over 26,304 pairs some times and prints medians: run.py L45 RESPONDER_PID FOLDER ROUNDS.

The whole process is measured, start, results file and tables included. Memory is the peak resident size; the same of a survey of one
pair stands beside it, since most of it is the program's own.
"""

import json
import os
import statistics
import subprocess
import sys
import time

l45, responder, folder, rounds = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
# 6,576 addresses.
BLOCKS = ["10.9.0.0/20", "10.9.16.0/21", "10.9.24.0/24", "10.9.25.0/25", "10.9.25.128/27", "10.9.25.160/28"]
PORTS = "22,80,443,34343"
PAIRS = 6576 * 4


def survey(targets, *more):
    """Wall time in s, CPU time in s, peak memory in KiB, the file of results.

    The peak that the system tells of a child begins with what this program has when it starts it: results are read line by line.
    """
    path = os.path.join(folder, "found")
    if os.path.exists(path):
        os.unlink(path)
    begun = time.monotonic()
    process = subprocess.Popen(
        [l45, "survey", *targets, "--ports", PORTS, "--rate", "1000000", "--timeout", "10s", "--results", path, *more],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    if status:
        sys.exit(f"the survey ended with status {status}: {said}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, path


def measure(suffix, *more):
    rates, walls, cpus, peaks = [], [], [], []
    for _ in range(rounds):
        wall, cpu, peak, found = survey(BLOCKS, *more)
        handshakes, syns, pairs = 0, 0, set()
        with open(found) as lines:
            for line in lines:
                flow = json.loads(line)
                if flow["outcome"] != "capable" or "x" in flow["syn"] + flow["synAck"]:
                    sys.exit(f"a pair was not found clean: {flow}")
                handshakes += flow["exchanges"]
                syns += flow["syns"]
                pairs.add(f"{flow['address']} {flow['port']}")
        if len(pairs) != PAIRS:
            sys.exit(f"results of {len(pairs)} pairs, {PAIRS} wanted")
        lost = syns - handshakes
        print(f"{suffix or 'mixed'}: {handshakes} handshakes in {wall:.2f} s, {lost} SYNs without an answer, {peak} KiB",
              file=sys.stderr)
        rates.append(handshakes / wall)
        walls.append(wall)
        cpus.append(cpu / handshakes)
        peaks.append(peak)
    print(f"RESULT probe_handshakes_per_s{suffix}={statistics.median(rates):.0f} 1/s")
    print(f"RESULT probe_time{suffix}={statistics.median(walls):.2f} s")
    print(f"RESULT probe_cpu_per_handshake{suffix}={1e6 * statistics.median(cpus):.1f} us")
    print(f"RESULT probe_memory{suffix}={statistics.median(peaks):.0f} KiB")
    sys.stdout.flush()


print(f"RESULT probe_pairs={PAIRS}")
measure("")
measure("_seed", "--strategy", "seed")
_, _, idle, _ = survey(["10.9.0.1:80"])
print(f"RESULT probe_memory_of_one_pair={idle} KiB")
with open(f"/proc/{responder}/status") as status:
    peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
print(f"RESULT probe_responder_memory={peak} KiB")
