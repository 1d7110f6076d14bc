"""Rotates 250 devices under traffic and kills: run.py BINARIES FOLDER WIRE [ROTATIONS] [options].

One orchestrator (l45 nco); one resolver and 20 workstations as real agents (l45 agent) with the user-space tap, their programs under
'l45 run': dnsmasq, nginx, dig, curl; the rest of the devices in one agents' process (deploy-bench fleet). All of it over TLS on loopback.
One intent for all of them tags DNS and HTTP; each rotation changes the dialects of both, on every device, and is waited for.
"""

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("binaries")
parser.add_argument("folder")
parser.add_argument("wire")
parser.add_argument("rotations", type=int, nargs="?", default=1000)
parser.add_argument("--devices", type=int, default=250)
parser.add_argument("--real", type=int, default=20, help="real workstations; the real resolver comes on top")
parser.add_argument("--seconds", type=int, default=2400, help="no rotation begins after this long")
parser.add_argument("--rest", type=float, default=1, help="how long workstations rest between queries and downloads, as a factor")
parser.add_argument("--seed", type=int, default=None)
parser.add_argument("--traffic-only", action="store_true", help="no rotations of large simulated fleets at the end")
args = parser.parse_args()

L45, BENCH = os.path.join(args.binaries, "l45"), os.path.join(args.binaries, "deploy-bench")
PORT, RESOLVER, LABEL = 7450, "127.0.0.53", "l45-fleet"
# What can be under way between two sockets here: a datagram in a queue of loopback, which its reader empties as soon as it is scheduled,
# and 256 KiB of a stream's buffers at 512 KiB/s. A second is more than either; there are no retransmissions on loopback.
DRAIN_BOUND = "1s"
LONG, SHORT, PACE = 12 << 20, 128 << 10, "512K"
NAMES = 200
seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 32)
draw = random.Random(seed)
work = args.folder
environment = dict(os.environ, L45_SERVER=os.path.join(work, "nco", "api.sock"))
progress = open(os.environ.get("L45_FLEET_LOG", os.path.join(work, "progress")), "a", buffering=1)
begun = time.monotonic()


def say(text):
    print(f"{time.monotonic() - begun:7.1f} {text}", file=sys.stderr, flush=True)
    progress.write(f"{time.monotonic() - begun:.1f} {text}\n")


def fail(text):
    say(f"stopped (seed {seed}): {text}")
    for name in ("nco", "resolver", "fleet", "dnsmasq", "nginx"):
        path = os.path.join(work, name + ".log")
        if os.path.exists(path):
            with open(path, errors="replace") as log:
                print(f"--- {name}\n" + "".join(log.readlines()[-8:]), file=sys.stderr)
    end()
    sys.exit(1)


def l45(*words, seconds=90):
    try:
        return subprocess.run([L45, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=seconds)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 124, "", f"no answer within {seconds} s")


def until(what, seconds, condition):
    end_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end_at:
            fail(f"gave up waiting for {what}")
        time.sleep(0.05)


class Program:
    """A process that is started again after it was killed, as a service manager does."""

    def __init__(self, name, command, first=()):
        self.name, self.command, self.kills = name, command, 0
        self.start(first)

    def start(self, more=()):
        with open(os.path.join(work, self.name + ".log"), "ab") as log:
            self.process = subprocess.Popen([*self.command, *more], env=environment, stdout=log, stderr=log)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1
        self.start()


def tapped(name):
    return [L45, "run", "--tap", os.path.join(work, name, "tap"), "--"]


programs = []


def end():
    open(os.path.join(work, "enough"), "w").close()
    for program in programs:
        program.process.terminate()


def token(role):
    made = l45("token", "create", "--label", "role=" + role)
    if made.returncode:
        fail("no token: " + made.stderr)
    return made.stdout.strip()


def agent(name, role, address):
    command = [L45, "agent", "--state", os.path.join(work, name), "--tap", os.path.join(work, name, "tap"), "--name", name,
               "--address", address, "--orchestrator", f"127.0.0.1:{PORT}"]
    program = Program(name, command, ("--token", token(role)))
    programs.append(program)
    return program


def connected():
    asked = l45("get", "devices", "-o", "json")
    if asked.returncode:
        return 0
    return sum(1 for device in json.loads(asked.stdout) if device["link"] == "connected")


# --- the fleet -------------------------------------------------------------------------------------------------------
say(f"seed {seed}: {args.rotations} rotations of {args.devices} devices, {args.real + 1} of them real agents")
nco = Program("nco", [L45, "nco", "--state", os.path.join(work, "nco"), "--listen", f"127.0.0.1:{PORT}", "--drain-bound", DRAIN_BOUND])
programs.append(nco)
until("the orchestrator", 30, lambda: l45("get", "devices").returncode == 0)
resolver = agent("resolver", "resolver", RESOLVER)
names = [f"workstation-{n}" for n in range(args.real)]
addresses = [f"127.0.1.{n + 1}" for n in range(args.real)]
workstations = [agent(name, "workstation", address) for name, address in zip(names, addresses)]
rest = args.devices - args.real - 1
if rest > 0:
    programs.append(Program("fleet", [BENCH, "fleet", environment["L45_SERVER"], str(PORT), str(rest), str(args.real + 1)]))
until(f"all {args.devices} devices", 120, lambda: connected() == args.devices)
say("all are connected")

# --- real programs ---------------------------------------------------------------------------------------------------
with open(os.path.join(work, "hosts"), "w") as hosts:
    hosts.writelines(f"192.0.2.{n} q{n}.l45.test\n" for n in range(NAMES))
programs.append(Program("dnsmasq", tapped("resolver") + [
    "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--bind-interfaces",
    "--listen-address=" + RESOLVER, "--port=53", "--pid-file=", "--addn-hosts=" + os.path.join(work, "hosts")]))
os.makedirs(os.path.join(work, "www"))
sums = {}
for name, size in (("long", LONG), ("short", SHORT)):
    content = draw.randbytes(size)
    sums[name] = hashlib.sha256(content).hexdigest()
    with open(os.path.join(work, "www", name), "wb") as out:
        out.write(content)
scratch = os.path.join(work, "nginx")
os.makedirs(scratch)
with open(os.path.join(work, "nginx.conf"), "w") as out:
    paths = "".join(f"{kind}_temp_path {scratch}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    out.write(f"daemon off; pid {scratch}/pid; error_log {scratch}/error.log; worker_processes 1; user root;\n"
              f"events {{ worker_connections 256; }}\n"
              f"http {{ access_log off; sendfile on; {paths}\n"
              f"  server {{ listen {RESOLVER}:80; root {work}/www; }} }}\n")
programs.append(Program("nginx", tapped("resolver") + [shutil.which("nginx"), "-c", os.path.join(work, "nginx.conf"),
                                                       "-e", os.path.join(scratch, "error.log")]))
until("dnsmasq", 20, lambda: subprocess.run(["dig", "+short", "+tries=1", "+timeout=1", "@" + RESOLVER, "q7.l45.test"],
                                            stdout=subprocess.PIPE, text=True).stdout == "192.0.2.7\n")
until("nginx", 20, lambda: subprocess.run(["curl", "-sf", "-o", "/dev/null", f"http://{RESOLVER}/short"]).returncode == 0)

with open(os.path.join(work, "fleet.yaml"), "w") as out:
    out.write(f"name: fleet\nclients: {{role: workstation}}\nservers: {{role: resolver}}\nintent:\n"
              f"  - tag dig DNS with 32 bytes label {LABEL}\n"
              f"  - tag curl HTTP every 1000 bytes with 32 bytes label {LABEL}\n")
applied = l45("apply", "-f", os.path.join(work, "fleet.yaml"), "--wait", "--timeout", "60s")
if applied.returncode:
    fail("the intent did not settle: " + applied.stderr)
say("the intent has settled")

here = os.path.dirname(os.path.abspath(__file__))
loads = []
for at, (name, address) in enumerate(zip(names, addresses)):
    folder = os.path.join(work, "load-" + name)
    os.makedirs(folder)
    kind, size, pace = ("long", LONG, PACE) if at % 3 == 0 else ("short", SHORT, "0")
    with open(os.path.join(folder, "log"), "wb") as log:
        loads.append((folder, subprocess.Popen(
            tapped(name) + [sys.executable, os.path.join(here, "load.py"), address, RESOLVER, folder, sums[kind], str(size), pace, str(args.rest)],
            env=environment, stdout=log, stderr=log)))


def counted():
    """Sums over what the workstations have told."""
    total = dict(queries=0, failed=0, downloads=0, bytes=0, mismatch=0, ended=0)
    wrong = []
    for folder, _ in loads:
        path = os.path.join(folder, "counts")
        if not os.path.exists(path):
            continue
        with open(path) as lines:
            for line in lines:
                if not line.endswith("\n"):
                    continue
                facts = json.loads(line)
                for key in total:
                    total[key] += facts.get(key, 0)
                if facts.get("failed") or facts.get("mismatch"):
                    wrong.append(f"{os.path.basename(folder)} {facts}")
    return total, wrong


# --- what is on the wire, looked at now and then ---------------------------------------------------------------------
wire = dict(packets=0, plain=0)
idents = set()


def look(which, port, packets):
    """Counts payloads without a tag, in a sample of what passes while dialects change."""
    path = os.path.join(work, which + ".pcap")
    tcpdump = subprocess.run(
        ["timeout", "-s", "INT", "10", "tcpdump", "-i", "lo", "-Z", "root", "-n", "-s", "1600", "-c", str(packets), "-w", path, port],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if tcpdump.returncode not in (0, 124):
        return
    told = subprocess.run([args.wire, path, LABEL], stdout=subprocess.PIPE, text=True).stdout
    found = re.match(r"packets=(\d+) tagged=(\d+) plain=(\d+) idents=(\S*)", told)
    if found:
        wire["packets"] += int(found[1])
        wire["plain"] += int(found[3])
        idents.update(filter(None, found[4].split(",")))


def watch():
    while not watched.wait(20):
        look("dns", "udp port 53", 200)
        look("http", "tcp port 80 and greater 400", 60)


watched = threading.Event()
watcher = threading.Thread(target=watch, daemon=True)
until("traffic in the dialect", 60, lambda: counted()[0]["queries"] >= 200 and counted()[0]["downloads"] >= 5)
watcher.start()

# --- rotations -------------------------------------------------------------------------------------------------------
real = [resolver, *workstations]
kills = dict(orchestrator=0, agent=0)
times, quiet_times = [], []
rotations = 0


def strike(victim, after):
    """Somewhere within the rotation, or just before or after it."""
    def run():
        time.sleep(after)
        victim.kill()
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def rotate():
    """One rotation begun; again where the orchestrator died before it answered."""
    for _ in range(100):
        asked = l45("rollout", "rotate", "fleet", seconds=30)
        if asked.returncode == 0:
            return
        time.sleep(0.1)
    fail("no rotation would begin: " + asked.stderr)


def settled():
    """Waits for the rotation's end; again where the orchestrator was away just as it was asked first."""
    for _ in range(100):
        waited = l45("wait", "intent/fleet", "--for", "settled", "--timeout", "120s", seconds=180)
        # 3: nobody was there to ask.
        if waited.returncode != 3:
            break
        time.sleep(0.1)
    return waited


typical = 2.0
for number in range(1, args.rotations + 1):
    if time.monotonic() - begun > args.seconds:
        say(f"the time is over after {rotations} rotations")
        break
    strikes = []
    if draw.random() < 0.10:
        strikes.append(strike(nco, draw.uniform(0, typical)))
        kills["orchestrator"] += 1
    if draw.random() < 0.30:
        victims = draw.sample(real, draw.choice([1, 1, 1, 2, 3]))
        strikes += [strike(victim, draw.uniform(0, typical)) for victim in victims]
        kills["agent"] += len(victims)
    start = time.monotonic()
    rotate()
    waited = settled()
    took = time.monotonic() - start
    for thread in strikes:
        thread.join()
    if strikes and waited.returncode == 0:
        # The last death may have come after the end: the next rotation begins with a fleet that stands.
        waited = settled()
    if waited.returncode:
        why = l45("rollout", "status", "fleet", "--why")
        fail(f"rotation {number} did not end: {waited.stderr[-600:]} {why.stdout[-600:]}")
    rotations += 1
    times.append(took)
    if not strikes:
        quiet_times.append(took)
        typical = statistics.median(quiet_times[-50:])
    if number % 10 == 0 or number == args.rotations:
        total, wrong = counted()
        say(f"{rotations} rotations, {kills['orchestrator']}+{kills['agent']} kills, median {statistics.median(times):.2f} s: "
            f"{total['failed']} of {total['queries']} queries failed, {total['mismatch']} of {total['downloads']} downloads differ, "
            f"{wire['plain']} of {wire['packets']} packets looked at were plain, {len(idents)} idents")
        for line in wrong[:3]:
            say(line)
    elif "L45_FLEET_LOG" in os.environ:
        progress.write(f"rotation {number} {took:.2f} s{' with kills' if strikes else ''}\n")

# --- the end ---------------------------------------------------------------------------------------------------------
watched.set()
open(os.path.join(work, "enough"), "w").close()
until("the load to end", 120, lambda: all(process.poll() is not None for _, process in loads))
watcher.join(timeout=30)
total, wrong = counted()
for line in wrong[:20]:
    say(line)
if total["ended"] != len(loads):
    fail(f"{len(loads) - total['ended']} workstations' load ended before its time")
end()
for program in programs:
    program.process.wait()


def result(name, value, unit=""):
    print(f"RESULT {name}={value}{' ' + unit if unit else ''}", flush=True)


result("fleet_seed", seed)
result("fleet_devices", args.devices)
result("fleet_devices_real", args.real + 1)
result("fleet_rotations", rotations)
result("fleet_rotation_s", f"{statistics.median(times):.2f}", "s")
if quiet_times:
    result("fleet_rotation_quiet_s", f"{statistics.median(quiet_times):.2f}", "s")
result("fleet_rotation_worst_s", f"{max(times):.2f}", "s")
result("fleet_kills", sum(kills.values()))
result("fleet_kills_orchestrator", kills["orchestrator"])
result("fleet_kills_agents", kills["agent"])
result("fleet_queries", total["queries"])
result("fleet_failed_queries", total["failed"])
result("fleet_downloads", total["downloads"])
result("fleet_bytes", total["bytes"], "B")
result("fleet_bytes_mismatch", total["mismatch"])
result("fleet_wire_packets", wire["packets"])
result("fleet_wire_plain", wire["plain"])
result("fleet_wire_idents", len(idents))
if not args.traffic_only:
    subprocess.run([BENCH, "rotation", "250", "10000"], check=True)
sys.exit(0 if total["failed"] == total["mismatch"] == 0 and rotations == args.rotations else 1)
