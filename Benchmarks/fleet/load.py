"""The traffic of one workstation, under the tap: load.py ADDRESS RESOLVER FOLDER SHA256 BYTES PACE REST

DNS: one dig at a time from this workstation's own address (dig sets SO_REUSEADDR, so two at once could bind one port and take each
other's answers), 40 questions each; every answer is held to the one that the zone has for that very name. HTTP: one download after
another, long ones at PACE (a number for curl) or short ones at full speed (PACE 0), hashed as they come; none where BYTES is 0. A rest in
between bounds it all: REST times three and four seconds.

Appends to FOLDER/counts after each dig and download, one JSON object a line. Ends after the one under way when FOLDER/../enough exists.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time

address, resolver, folder, want_sum, want_bytes, pace, rest = sys.argv[1:8]
want_bytes = int(want_bytes)
NAMES, QUESTIONS = 200, 40
enough = os.path.join(os.path.dirname(folder), "enough")
counts = open(os.path.join(folder, "counts"), "a", buffering=1)
lock = threading.Lock()
draw = random.Random(address)


def tell(**facts):
    with lock:
        counts.write(json.dumps(facts) + "\n")


def ask():
    """One dig. Tells how many answers are not exactly what the zone has, and what dig said instead."""
    numbers = [draw.randrange(NAMES) for _ in range(QUESTIONS)]
    questions = os.path.join(folder, "questions")
    with open(questions, "w") as out:
        out.writelines(f"q{n}.l45.test\n" for n in numbers)
    done = subprocess.run(
        ["dig", "+short", "+tries=1", "+timeout=5", "-b", address, "@" + resolver, "-f", questions],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    got, want = done.stdout.split("\n")[:-1], [f"192.0.2.{n}" for n in numbers]
    if got == want and done.returncode == 0:
        return tell(queries=QUESTIONS, failed=0)
    # A question without an answer makes dig say a line or two instead of it: what is right is counted, in its order.
    at = right = 0
    for line in got:
        if line in want[at:]:
            at = want.index(line, at) + 1
            right += 1
    said = [line for line in got if line not in want]
    tell(queries=QUESTIONS, failed=max(QUESTIONS - right, 1), said=said[:4], status=done.returncode, at=time.time())


def load():
    """One download. Tells whether it has the bytes that the server has."""
    name = "long" if pace != "0" else "short"
    command = ["curl", "-sS", "--interface", address, "--max-time", "600", f"http://{resolver}/{name}"]
    if pace != "0":
        command[2:2] = ["--limit-rate", pace]
    begun = time.monotonic()
    curl = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    digest, count = hashlib.sha256(), 0
    while part := curl.stdout.read(1 << 20):
        digest.update(part)
        count += len(part)
    said = curl.stderr.read().decode(errors="replace").strip()
    status = curl.wait()
    same = status == 0 and count == want_bytes and digest.hexdigest() == want_sum
    facts = {} if same else {"said": said[:200], "status": status, "at": time.time()}
    tell(downloads=1, bytes=count, mismatch=0 if same else 1, seconds=round(time.monotonic() - begun, 1), **facts)


def again(work, rest):
    while not os.path.exists(enough):
        work()
        time.sleep(rest * draw.uniform(0.5, 1.5))


threads = [threading.Thread(target=again, args=(ask, 3 * float(rest)))]
if want_bytes:
    threads.append(threading.Thread(target=again, args=(load, 4 * float(rest))))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
tell(ended=1)
