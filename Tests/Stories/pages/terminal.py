"""A reader's terminal: one shell that the page's commands are typed into, one after another."""

import os
import re
import signal
import subprocess
import time

# A new user's: nothing of what the developer has set.
KEPT = ("HOME", "TERM", "LANG", "TMPDIR")
# Any one command of a page, but for the build.
PATIENCE = 60
# Whoever started this may have it ignored, as shells do for jobs in the background: then nothing below would hear of Ctrl-C.
signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    def __init__(self, folder, path, cwd, inside=()):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.count, self.hangs = folder, 0, False
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        user = subprocess.run(["id", "-un"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        environment.update(PATH=path, USER=user, LOGNAME=user, SHELL="/bin/bash", EDITOR="an-editor")
        self.shell = subprocess.Popen(
            [*inside, "bash", "--norc", "--noprofile"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=environment, cwd=cwd, text=True)

    def type(self, text):
        """Types a command. Returns where its output goes and where its status will be."""
        self.count += 1
        base = os.path.join(self.folder, f"{self.count:03}")
        with open(base + ".cmd", "w", encoding="utf-8") as out:
            out.write(text + "\n")
        # In the shell itself, so that what it exports and starts is there for the next.
        self.shell.stdin.write(
            f"eval \"$(<'{base}.cmd')\" </dev/null >'{base}.out' 2>&1; echo $? >'{base}.new'; mv '{base}.new' '{base}.status'\n")
        self.shell.stdin.flush()
        return base + ".out", base + ".status"

    def run(self, text, seconds=PATIENCE):
        """Types a command and waits for its end: its status and what it said; None for the first after that many seconds,
        and for both from then on."""
        if self.hangs:
            return None, None
        out, status = self.type(text)
        ended = wait(seconds, lambda: os.path.exists(status) or self.shell.poll() is not None)
        self.hangs = not (ended and os.path.exists(status))
        return None if self.hangs else int(said(status)), said(out)

    def stay(self, text, ready, seconds=PATIENCE):
        """Types a command that stays, until it has said what it says once it is ready. Whether it has, and what it said."""
        out, status = self.type(text)
        wait(seconds, lambda: re.search(ready, said(out), re.M) or os.path.exists(status))
        return re.search(ready, said(out), re.M) is not None and not os.path.exists(status), said(out)

    def interrupt(self, seconds=PATIENCE):
        """Ctrl-C, for the command that stays. Its status."""
        status = os.path.join(self.folder, f"{self.count:03}.status")
        for process in below(self.shell.pid):
            try:
                os.kill(process, signal.SIGINT)
            except ProcessLookupError:
                pass
        wait(seconds, lambda: os.path.exists(status))
        return int(said(status)) if os.path.exists(status) else None

    def close(self):
        self.shell.stdin.close()
        try:
            self.shell.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.shell.kill()


def below(process):
    """The processes that this one has started, and those that they have."""
    children = said(f"/proc/{process}/task/{process}/children").split()
    return [found for child in map(int, children) for found in (child, *below(child))]


def said(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as text:
            return text.read()
    except OSError:
        return ""


def wait(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
