"""From commits to confirmations: run.py BINARIES FOLDER [INTENTS] [--devices N] [--rounds N].

One orchestrator (l45 nco) that follows real repositories on this machine, its agents in one process (deploy-bench fleet), all over TLS
on loopback. A commit is pushed and told of by a signed webhook, as a forge does it. What a device has done is what its tap reports.
"""

import argparse
import hashlib
import hmac
import json
import os
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
parser.add_argument("intents", type=int, nargs="?", default=1000)
parser.add_argument("--devices", type=int, default=250)
parser.add_argument("--rounds", type=int, default=5)
args = parser.parse_args()

L45, BENCH = os.path.join(args.binaries, "l45"), os.path.join(args.binaries, "deploy-bench")
PORT, HOOK, MOST = 7450, 7452, 600
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
    for name in ("nco", "fleet"):
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
        began = time.monotonic()
        self.git("-C", self.clone, "commit", "--quiet", "-m", "Change intents")
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
    print(f"RESULT {name}={value:.{digits}f} {unit}", flush=True)


# --- the fleet -------------------------------------------------------------------------------------------------------
with open(os.path.join(work, "secret"), "w", opener=lambda p, f: os.open(p, f, 0o600)) as out:
    out.write(secret)
nco = start("nco", L45, "nco", "--state", state, "--listen", f"127.0.0.1:{PORT}", "--drain-bound", "100ms", "--webhook-listen",
            f"127.0.0.1:{HOOK}", "--webhook-secret", os.path.join(work, "secret"))
until("the orchestrator", 60, lambda: subprocess.run([L45, "get", "devices"], env=environment, stdout=subprocess.DEVNULL,
                                                     stderr=subprocess.DEVNULL).returncode == 0, 0.05)
api = Operator()
start("fleet", BENCH, "fleet", environment["L45_SERVER"], str(PORT), str(args.devices), "0")
until("the agents", 300, lambda: sum(d["link"] == "connected" for d in devices().values()) == args.devices, 0.2)
groups = max(1, args.devices // GROUP)
for at, device in enumerate(sorted(devices().values(), key=lambda d: int(d["name"].split("-")[1]))):
    api.ask("set-labels", {"device": device["id"], "set": {
        "all": "server" if at == 0 else "client", "group": f"g{at % groups}", "part": "server" if at < groups else "client"},
        "remove": []})
say(f"{args.devices} devices are connected and labelled")


# --- one intent for all of them, changed by commits ------------------------------------------------------------------
def everywhere(number):
    place = "front" if number % 2 else "end"
    return ("name: everywhere\nclients: {all: client}\nservers: {all: server}\nintent:\n"
            f"  - tag:\n      application: {{process: dig}}\n      transport: udp\n      port: 53\n"
            f"      dialect: {{at: {place}, bytes: 32}}\n")


small = Repository("small")
first, _ = small.commit({"everywhere.yaml": everywhere(0)})
small.follow()
until("the first commit", MOST, lambda: condition(source("small"), "Healthy") == "true" and source("small").get("lastAppliedRevision") == first)
to_action, to_all = [], []
for number in range(1, args.rounds + 1):
    before = {name: int(d["generationConfirmed"]) for name, d in devices().items()}
    commit, began = small.commit({"everywhere.yaml": everywhere(number)})
    until("an action", MOST, lambda: any(int(d["generationConfirmed"]) > before[n] for n, d in devices().items()))
    to_action.append(time.monotonic() - began)
    until("all of them", MOST, lambda: (lambda view: view.get("lastAppliedRevision") == commit and condition(view, "Healthy") == "true")(source("small")))
    to_all.append(time.monotonic() - began)
result("gitops_commit_to_action_s", statistics.median(to_action), "s")
result(f"gitops_commit_to_{args.devices}_s", statistics.median(to_all), "s")

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
