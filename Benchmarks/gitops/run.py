"""From commits to confirmations: run.py BINARIES FOLDER WIRE [INTENTS] [options].

One orchestrator (l45 nco) that follows real repositories on this machine. One resolver and 20 workstations are real agents (l45 agent) with the
user-space tap, the rest of the devices is in one process (deploy-bench fleet), all over TLS on loopback. A commit is pushed and told of by a
signed webhook, as a forge does it. What a device has done is what its tap reports. While commits are reverted, the workstations' dig asks the
resolver's dnsmasq, and all that passes is looked at.
"""

import argparse
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("binaries")
parser.add_argument("folder")
parser.add_argument("wire")
parser.add_argument("intents", type=int, nargs="?", default=1000)
parser.add_argument("--devices", type=int, default=250)
parser.add_argument("--real", type=int, default=20, help="real workstations; the real resolver comes on top")
parser.add_argument("--rounds", type=int, default=5, help="commits, and after them as many reverts")
parser.add_argument("--rest", type=float, default=1, help="how long workstations rest between queries, as a factor of 3 s")
args = parser.parse_args()

L45, BENCH = os.path.join(args.binaries, "l45"), os.path.join(args.binaries, "deploy-bench")
PORT, HOOK, MOST = 7450, 7452, 600
RESOLVER, LABEL, NAMES, QUESTIONS = "127.0.0.53", "l45-gitops", 200, 40
# What can be under way on loopback: a datagram in a queue, which its reader empties as soon as it is scheduled. It is part of each time below.
DRAIN_BOUND_MS = 500
# A server and four clients each: as many groups as there are devices for.
GROUP = 5
work = args.folder
state = os.path.join(work, "nco")
environment = dict(
    os.environ, L45_SERVER=os.path.join(state, "api.sock"), GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null",
    GIT_AUTHOR_NAME="Jane Doe", GIT_AUTHOR_EMAIL="jane@example.org", GIT_COMMITTER_NAME="Jane Doe",
    GIT_COMMITTER_EMAIL="jane@example.org")
secret = os.urandom(24).hex()
programs = []


def say(text):
    print(text, file=sys.stderr, flush=True)


def fail(text):
    for name in ("nco", "fleet", "resolver", "dnsmasq"):
        if not os.path.exists(os.path.join(work, name + ".log")):
            continue
        with open(os.path.join(work, name + ".log"), errors="replace") as log:
            say(f"--- {name}\n" + "".join(log.readlines()[-8:]))
    say("stopped: " + text)
    for program in programs:
        program.kill()
    sys.exit(1)


def start(name, *command):
    with open(os.path.join(work, name + ".log"), "ab") as log:
        programs.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
    return programs[-1]


class Operator:
    """The operators' socket itself: a command of its own for each look would take longer than what is measured."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.path.join(state, "api.sock"))

    def ask(self, verb, body):
        text = json.dumps({"api": "l45/v1", "verb": verb, "body": body}).encode()
        self.socket.sendall(struct.pack(">I", len(text)) + text)
        answer = json.loads(self.read(struct.unpack(">I", self.read(4))[0]))
        if answer["kind"] == "failure":
            fail(f"{verb}: {answer['body']}")
        return answer["body"]

    def read(self, count):
        parts = []
        while count:
            part = self.socket.recv(min(count, 1 << 20))
            if not part:
                fail("the orchestrator hung up")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def until(what, seconds, condition, pause=0.005):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            fail(f"gave up waiting for {what}")
        time.sleep(pause)


def devices():
    return {d["id"]: d for d in api.ask("get", {"kind": "devices", "names": [], "selector": {}})}


def source(name):
    return api.ask("sources", {"names": [name]})[0]


def condition(view, kind):
    return next((c["status"] for c in view["conditions"] if c["type"] == kind), None)


class Repository:
    """A bare repository, as a forge has it, and a clone to commit in."""

    def __init__(self, name):
        self.name = name
        self.url = os.path.join(work, "forge", name + ".git")
        self.clone = os.path.join(work, name)
        self.git("init", "--quiet", "--bare", "--initial-branch=main", self.url)
        self.git("init", "--quiet", "--initial-branch=main", self.clone)

    def git(self, *words):
        return subprocess.run(["git", *words], env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def commit(self, files):
        """Pushes a commit and has it told of. Returns it, and when `git commit` began."""
        for path, text in files.items():
            with open(os.path.join(self.clone, path), "w") as out:
                out.write(text)
        self.git("-C", self.clone, "add", "--all")
        return self.publish("commit", "--quiet", "-m", "Change intents")

    def revert(self):
        """The same of a commit that takes the last one back."""
        return self.publish("revert", "--no-edit", "HEAD")

    def publish(self, *words):
        began = time.monotonic()
        self.git("-C", self.clone, *words)
        self.git("-C", self.clone, "push", "--quiet", self.url, "main")
        body = json.dumps({"ref": "refs/heads/main", "repository": {"clone_url": self.url}}).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        request = urllib.request.Request(
            f"http://127.0.0.1:{HOOK}/webhook", body, {"X-Hub-Signature-256": "sha256=" + signature})
        urllib.request.urlopen(request, timeout=30).close()
        return self.git("-C", self.clone, "rev-parse", "HEAD"), began

    def follow(self):
        subprocess.run([L45, "source", "add", self.name, "--url", self.url, "--every", "1h", "--prune"], env=environment,
                       check=True, stdout=subprocess.DEVNULL)


def result(name, value, unit, digits=3):
    print(f"RESULT {name}={value:.{digits}f} {unit}".rstrip(), flush=True)


# --- the fleet -------------------------------------------------------------------------------------------------------
with open(os.path.join(work, "secret"), "w", opener=lambda p, f: os.open(p, f, 0o600)) as out:
    out.write(secret)
nco = start("nco", L45, "nco", "--state", state, "--listen", f"127.0.0.1:{PORT}", "--drain-bound", f"{DRAIN_BOUND_MS}ms", "--webhook-listen",
            f"127.0.0.1:{HOOK}", "--webhook-secret", os.path.join(work, "secret"))
until("the orchestrator", 60, lambda: subprocess.run([L45, "get", "devices"], env=environment, stdout=subprocess.DEVNULL,
                                                     stderr=subprocess.DEVNULL).returncode == 0, 0.05)
api = Operator()
def tapped(name):
    return [L45, "run", "--tap", os.path.join(work, name, "tap"), "--"]


def agent(name, address):
    token = subprocess.run([L45, "token", "create"], env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    start(name, L45, "agent", "--state", os.path.join(work, name), "--tap", os.path.join(work, name, "tap"), "--name", name,
          "--address", address, "--orchestrator", f"127.0.0.1:{PORT}", "--token", token)


workstations = {f"workstation-{n}": f"127.0.1.{n + 1}" for n in range(args.real)}
real = ["resolver", *workstations] if workstations else []
if real:
    agent("resolver", RESOLVER)
    for name, address in workstations.items():
        agent(name, address)
start("fleet", BENCH, "fleet", environment["L45_SERVER"], str(PORT), str(args.devices - len(real)), str(len(real)))
until("the agents", 300, lambda: sum(d["link"] == "connected" for d in devices().values()) == args.devices, 0.2)
groups = max(1, args.devices // GROUP)
# The resolver is the server of all.
order = real + [f"device-{number}" for number in range(len(real), args.devices)]
for at, device in enumerate(sorted(devices().values(), key=lambda d: order.index(d["name"]))):
    api.ask("set-labels", {"device": device["id"], "set": {
        "all": "server" if at == 0 else "client", "group": f"g{at % groups}", "part": "server" if at < groups else "client"},
        "remove": []})
say(f"{args.devices} devices are connected and labelled")


# --- one intent for all of them, changed by commits ------------------------------------------------------------------
def everywhere(number):
    place = "front" if number % 2 else "end"
    return ("name: everywhere\nclients: {all: client}\nservers: {all: server}\nintent:\n"
            f"  - tag dig DNS at {place} with 32 bytes label {LABEL}\n")


small = Repository("small")
first, _ = small.commit({"everywhere.yaml": everywhere(0)})
small.follow()


def everywhere_is(commit):
    view = source("small")
    return view.get("lastAppliedRevision") == commit and condition(view, "Healthy") == "true"


until("the first commit", MOST, lambda: everywhere_is(first))
to_action, to_all = [], []
for number in range(1, args.rounds + 1):
    before = {name: int(d["generationConfirmed"]) for name, d in devices().items()}
    commit, began = small.commit({"everywhere.yaml": everywhere(number)})
    until("an action", MOST, lambda: any(int(d["generationConfirmed"]) > before[n] for n, d in devices().items()))
    to_action.append(time.monotonic() - began)
    until("all of them", MOST, lambda: everywhere_is(commit))
    to_all.append(time.monotonic() - began)
result("gitops_commit_to_action_s", statistics.median(to_action), "s")
result("gitops_commit_to_all_s", statistics.median(to_all), "s")
result("gitops_devices", args.devices, "", 0)
result("gitops_devices_real", len(real), "", 0)
result("gitops_drain_bound_ms", DRAIN_BOUND_MS, "ms", 0)


# --- commits and reverts, while the workstations ask -----------------------------------------------------------------
class Load:
    """The workstations' dig, under the tap, and who listens to all of it."""

    def __init__(self):
        with open(os.path.join(work, "hosts"), "w") as hosts:
            hosts.writelines(f"192.0.2.{n} q{n}.l45.test\n" for n in range(NAMES))
        start("dnsmasq", *tapped("resolver"), "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
              "--user=" + subprocess.run(["id", "-un"], stdout=subprocess.PIPE, text=True).stdout.strip(), "--bind-interfaces",
              "--listen-address=" + RESOLVER, "--port=53", "--pid-file=", "--addn-hosts=" + os.path.join(work, "hosts"))
        until("dnsmasq", 20, lambda: subprocess.run(["dig", "+short", "+tries=1", "+timeout=1", "@" + RESOLVER, "q7.l45.test"],
                                                    stdout=subprocess.PIPE, text=True).stdout == "192.0.2.7\n")
        self.capture = os.path.join(work, "wire.pcap")
        as_root = ["-Z", "root"] if os.geteuid() == 0 else []
        self.listener = start("tcpdump", "tcpdump", "-i", "lo", *as_root, "-n", "-s", "512", "-B", "16384", "-w", self.capture, "udp port 53")
        until("tcpdump", 20, lambda: b"listening on" in open(os.path.join(work, "tcpdump.log"), "rb").read())
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fleet", "load.py")
        self.folders, self.programs = [], []
        for name, address in workstations.items():
            folder = os.path.join(work, "load-" + name)
            os.makedirs(folder)
            self.folders.append(folder)
            self.programs.append(start("load-" + name, *tapped(name), sys.executable, script, address, RESOLVER, folder, "-", "0", "0",
                                       str(args.rest)))

    def told(self):
        """How many queries there were, how many of them failed, and what was said of these."""
        queries, failed, wrong = 0, 0, []
        for folder in self.folders:
            path = os.path.join(folder, "counts")
            if not os.path.exists(path):
                continue
            with open(path) as lines:
                for facts in (json.loads(line) for line in lines if line.endswith("\n")):
                    queries += facts.get("queries", 0)
                    failed += facts.get("failed", 0)
                    if facts.get("failed"):
                        wrong.append(f"{os.path.basename(folder)} {facts}")
        return queries, failed, wrong

    def goes_on(self):
        """Every workstation has asked once more, on average."""
        before = self.told()[0]
        until("queries", 120, lambda: self.told()[0] >= before + QUESTIONS * len(self.folders), 0.05)

    def end(self):
        """What passed meanwhile: packets, those of them without the tag, and editions."""
        open(os.path.join(work, "enough"), "w").close()
        until("the load to end", 120, lambda: all(program.poll() is not None for program in self.programs), 0.05)
        self.listener.send_signal(signal.SIGINT)
        self.listener.wait()
        told = subprocess.run([args.wire, self.capture, LABEL], stdout=subprocess.PIPE, text=True, check=True).stdout
        found = re.match(r"packets=(\d+) tagged=\d+ plain=(\d+) idents=(\S*)", told)
        return int(found[1]), int(found[2]), len(set(filter(None, found[3].split(","))))


clean = True
if real:
    load = Load()
    load.goes_on()
    to_all = []
    for _ in range(args.rounds):
        commit, _ = small.commit({"everywhere.yaml": everywhere(args.rounds + 1)})
        until("a commit under load", MOST, lambda: everywhere_is(commit))
        commit, began = small.revert()
        until("its revert", MOST, lambda: everywhere_is(commit))
        to_all.append(time.monotonic() - began)
        load.goes_on()
    packets, plain, editions = load.end()
    queries, failed, wrong = load.told()
    for line in wrong[:10]:
        say(line)
    result("gitops_reverts", args.rounds, "", 0)
    result("gitops_revert_to_all_s", statistics.median(to_all), "s")
    result("gitops_revert_queries", queries, "queries", 0)
    result("gitops_revert_failed", failed, "queries", 0)
    result("gitops_revert_wire_packets", packets, "packets", 0)
    result("gitops_revert_wire_plain", plain, "packets", 0)
    result("gitops_revert_wire_idents", editions, "", 0)
    clean = failed == 0 and plain == 0 and packets > 0

# --- a repository of many intents ------------------------------------------------------------------------------------
subprocess.run([L45, "source", "remove", "small", "--withdraw"], env=environment, check=True, stdout=subprocess.DEVNULL)
until("its end", MOST, lambda: not api.ask("get", {"kind": "intents", "names": [], "selector": {}}), 0.05)


def one(number):
    group, port = number % groups, 5000 + number // groups
    return (f"name: intent-{number}\nclients: {{group: g{group}, part: client}}\nservers: {{group: g{group}, part: server}}\nintent:\n"
            f"  - tag:\n      application: {{process: dig}}\n      transport: udp\n      port: {port}\n"
            f"      dialect: {{at: front, bytes: 32}}\n")


large = Repository("large")
commit, _ = large.commit({f"intent-{number}.yaml": one(number) for number in range(args.intents)})
began = time.monotonic()
large.follow()


def reached(kind):
    view = source("large")
    if condition(view, "Stalled") == "true":
        fail(json.dumps([c for c in view["conditions"]] + view["diagnostics"][:3]))
    return view.get("lastAppliedRevision") == commit and condition(view, kind) == "true"


until("the plan", MOST, lambda: reached("Ready"), 0.02)
planned = time.monotonic() - began
until("every tap", MOST, lambda: reached("Healthy"), 0.02)
result(f"gitops_{args.intents}_planned_s", planned, "s")
result(f"gitops_{args.intents}_intents_s", time.monotonic() - began, "s")
commit, began = large.commit({"intent-0.yaml": one(0).replace("at: front", "at: end")})
until("one of many", MOST, lambda: reached("Healthy"), 0.02)
result(f"gitops_one_of_{args.intents}_s", time.monotonic() - began, "s")
with open(f"/proc/{nco.pid}/status") as lines:
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
result("gitops_peak_mib", peak / 1024, "MiB", 1)
for program in programs:
    program.terminate()
sys.exit(not clean)
