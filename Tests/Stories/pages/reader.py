"""Somebody who does what a page says, as it says it, and holds it to what it promises."""

import os
import re
import subprocess
import time

import page as pages
import promises
from terminal import Terminal, said, wait
from verdicts import SHOW, tell

WORK, L45 = os.environ["L45_PAGES_WORK"], os.environ["L45_PAGES_BIN"]
HERE = os.path.dirname(os.path.abspath(__file__))


class Reader:
    """A new user with one page."""

    def __init__(self, page):
        self.page = page
        self.terminals, self.staying, self.given = {}, [], set()
        self.promises = [each for each in promises.PROMISES if each.page == page.path]
        self.kept = set()

    def terminal(self, name):
        if name not in self.terminals:
            swift = subprocess.run(["bash", "-c", "command -v swift"], stdout=subprocess.PIPE, text=True).stdout.strip()
            inside = []
            if name.startswith("far"):  # at the far end
                inside = ["nsenter", f"--net=/proc/{said(os.path.join(WORK, 'far')).strip()}/ns/net"]
            self.terminals[name] = Terminal(
                os.path.join(WORK, f"{os.path.basename(self.page.path)}-{name}"),
                f"{os.path.dirname(swift)}:/usr/local/bin:/usr/bin:/bin", os.getcwd(), inside)
        return self.terminals[name]

    def follow(self):
        """Does all that the page says, from its beginning to its end."""
        for fault in self.page.faults:
            tell("no command", fault)
        for at, item in enumerate(self.page.items):
            self.give(item.section)
            if isinstance(item, pages.Document):
                self.write(item, self.page.items[at + 1:])
            else:
                self.do(item)
        for promise in self.promises:
            if id(promise) not in self.kept:
                tell("the page has no such command any more", f"{self.page.path}: '{promise.command}' of promises.py")
        self.end()

    def give(self, section):
        """What the reader of a section is supposed to have."""
        for of, script in promises.GIVEN:
            if of == (self.page.path, section) and of not in self.given:
                self.given.add(of)
                log = os.path.join(WORK, script + ".given")
                with open(log, "w") as out:
                    done = subprocess.run([os.path.join(HERE, "given", script)], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
                if done.returncode:
                    tell("it could not be given", f"{self.page.path}: given/{script}", said(log))

    def write(self, document, after):
        """The reader puts a document where the commands behind it look for one."""
        following = []
        for item in after:
            if isinstance(item, pages.Document):
                break
            following.append(item.text)
        named = re.findall(r"[\w./-]+\.yaml", "\n".join(following))
        own = re.search(r"^name: (\S+)", document.text, re.M)
        name = next((path for path in named if not os.path.exists(path)), f"{own[1] if own else 'document'}.yaml")
        with open(name, "w", encoding="utf-8") as out:
            out.write(document.text)
        kind = ["import", name, "--show"] if re.search(r"^kind: Inventory", document.text, re.M) else ["validate", "-f", name]
        done = subprocess.run([L45, *kind], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        tell("" if done.returncode == 0 else "it is not taken", f"{document.place} {name} holds no mistake", done.stdout)

    def do(self, command):
        found = [each for each in self.promises if re.match(each.command, command.text)]
        self.kept.update(map(id, found))
        what = f"{command.place} {command.title}"
        if len(found) > 1:
            return tell("promises.py has it twice", what)
        if not found:
            if command.comment and not SHOW:
                return tell(f"the page promises '{command.comment}', and promises.py does not know what is to be seen of it", what)
            found = [promises.Promise(self.page.path, "")]
        promise = found[0]
        if promise.elsewhere:
            fault = promise.check(command, "") if promise.check else ""
            if promise.elsewhere.startswith(promises.STEP) and tool(command.text) not in said("scripts/test"):
                fault = "it does not"
            if fault or promise.check:
                return tell(fault, f"{what}: {promise.elsewhere}")
            return print(f"-      {what}: {promise.elsewhere}", flush=True)
        began = time.monotonic()
        fault, told = self.run(command, promise)
        for path, pattern in promise.files.items():
            if not fault and not has(path, pattern):
                fault = f"'{path}' is not as promised, /{pattern}/"
        if not fault and promise.check:
            fault = promise.check(command, told) or ""
        return tell(fault, f"{what} ({time.monotonic() - began:.1f} s)", told)

    def run(self, command, promise):
        terminal = self.terminal(promise.terminal)
        if promise.stays:
            ready, told = terminal.stay(command.text, promise.stays)
            self.staying.append((command, terminal, promise.ends))
            return "" if ready else f"it does not stay and say /{promise.stays}/", told
        if promise.interrupts:
            fault = self.interrupt(promise.interrupts)
            if fault:
                return fault, ""
        end = time.monotonic() + promise.within
        while True:
            status, told = terminal.run(command.text, promise.seconds)
            fault = ""
            if status is None:
                fault = f"it did not end within {promise.seconds} s" if told is not None else "the command before it never ended"
            elif status != promise.status:
                fault = f"status {status}, not {promise.status}"
            missing = [each for each in promise.says if not fault and not re.search(each, told, re.M)]
            if missing:
                fault = f"it does not say /{missing[0]}/"
            if not fault or status is None or time.monotonic() > end:
                return fault, told
            time.sleep(0.1)

    def interrupt(self, what):
        """Does a command of the page once more, and ends it by Ctrl-C when its file has so many lines."""
        command = next((each for each in self.page.commands if re.match(what.command, each.text)), None)
        if command is None:
            return f"the page has no such command any more: '{what.command}'"
        os.remove(what.file)
        terminal = self.terminal("interrupted")
        terminal.type(command.text)
        begun = wait(20, lambda: said(what.file).count("\n") >= what.lines)
        return "" if begun and terminal.interrupt() is not None else f"'{what.file}' did not fill, or Ctrl-C did not end it"

    def end(self):
        """What stays ends by Ctrl-C, in order; then what the page says ends the rest."""
        for command, terminal, wanted in reversed(self.staying):
            status = terminal.interrupt()
            tell("" if status == wanted else f"status {status}, not {wanted}", f"{command.place} {command.title}: ends by Ctrl-C")
        for page, text in promises.ENDS:
            if page != self.page.path:
                continue
            if text not in [span for _, span in self.page.spans]:
                tell("the page no longer says so", f"{page}: `{text}`")
            status, told = self.terminal("reader").run(text)
            tell("" if status == 0 else f"status {status}", f"{page}: {text} ends it", told)
        for terminal in self.terminals.values():
            terminal.close()


def tool(text):
    """What a command runs: a script, or a verb of swift."""
    found = re.search(r"scripts/[\w-]+|swift \w+", text)
    return found[0] if found else text


def has(path, pattern):
    return re.search(pattern, said(path), re.M) is not None
