"""The cost of a responder on a service's port to the clients of that service, between two network namespaces.

Rounds with and without it alternate; each pair of neighbours gives one ratio, and the median of those is told, with the interval
that holds it in 95 cases of 100. The connections go one after the other, so that a round's median duration is what the work on one
takes; a machine that is busy with other things disturbs it little. Processor time, which it disturbs more, is that of client and
server together: what the network stack does for a packet is done in the time of whoever caused it. Pairs without it on both
sides tell how exact all this is.

usage: run.py L45 CONNECT FAR-NAMESPACE NGINX-PID [--pairs N] [--connections N]
"""
import argparse
import signal
import statistics
import subprocess
import time

parser = argparse.ArgumentParser()
parser.add_argument("l45")
parser.add_argument("connect")
parser.add_argument("far")
parser.add_argument("nginx", type=int)
parser.add_argument("--pairs", type=int, default=60)
parser.add_argument("--connections", type=int, default=1500)
options = parser.parse_args()
at_far = ["nsenter", f"--net={options.far}"]


def processor_ns(pid):
    """Time on a processor, exact (Documentation/scheduler/sched-stats.rst)."""
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0])


class Responder:
    def __enter__(self):
        self.process = subprocess.Popen(
            [*at_far, options.l45, "respond", "--service", "8080"], stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + 20
        while "ready" not in (line := self.process.stderr.readline()):
            if not line or time.monotonic() > until:
                raise SystemExit(f"the responder did not start: {line}")
        return self.process.pid

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def round_of(responder=None):
    """Nanoseconds of processor time for one connection, and the median duration of one."""
    pids = [options.nginx] + ([responder] if responder else [])
    before = sum(processor_ns(pid) for pid in pids)
    said = subprocess.run(
        [options.connect, "192.0.2.2", "8080", str(options.connections)], capture_output=True, text=True, check=True)
    own, duration, answered = map(int, said.stdout.split())
    if answered != options.connections:
        raise SystemExit(f"{options.connections - answered} of {options.connections} connections were not answered")
    cost = own + sum(processor_ns(pid) for pid in pids) - before
    return cost / options.connections, duration


def pair(first_with):
    """(without, with) in one order or the other."""
    found = {}
    for with_it in (first_with, not first_with):
        if with_it:
            with Responder() as pid:
                found[True] = round_of(pid)
        else:
            found[False] = round_of()
    return found[False], found[True]


def interval(ratios):
    """The middle and, by order statistics, an interval that holds it in 95 cases of 100."""
    ordered = sorted(ratios)
    half = 0.98 * len(ordered) ** 0.5
    low = max(0, int(len(ordered) / 2 - half))
    high = min(len(ordered) - 1, int(len(ordered) / 2 + half))
    return statistics.median(ordered), ordered[low], ordered[high]


round_of()
pairs = [pair(at % 2 == 0) for at in range(options.pairs)]
plain = [round_of() for _ in range(options.pairs)]
control = [(plain[at], plain[at + 1]) if at % 4 else (plain[at + 1], plain[at]) for at in range(0, options.pairs - 1, 2)]

def told(what, at, of):
    found = interval([b[at] / a[at] for a, b in of])
    print(f"{what}: {found[0]:.4f} ({found[1]:.4f} to {found[2]:.4f})")
    return found[0]


without = statistics.median(a[0] for a, _ in pairs)
with_it = statistics.median(b[0] for _, b in pairs)
print(f"{options.pairs} pairs of {options.connections} connections to nginx, one after the other")
print(f"without: {without / 1000:.1f} us of both ends' processors a connection, {1e9 / without:.0f} a processor second")
print(f"with:    {with_it / 1000:.1f} us of both ends' processors a connection, {1e9 / with_it:.0f} a processor second")
overhead = told("median duration of a connection, with to without", 1, pairs)
noise = told("median duration of a connection, without to without", 1, control)
processor = told("processor time of a connection, with to without", 0, pairs)
told("processor time of a connection, without to without", 0, control)
print(f"RESULT responder_overhead_ratio={overhead:.4f} ratio")
print(f"RESULT responder_overhead_control={noise:.4f} ratio")
print(f"RESULT responder_processor_ratio={processor:.4f} ratio")
