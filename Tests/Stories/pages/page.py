"""A page as its reader has it: the commands and the documents that it shows, in their order."""

import re
import subprocess
from dataclasses import dataclass, field


@dataclass
class Command:
    """What a reader types at a time, as it stands on the page: a line, or as many as belong together."""

    page: str
    line: int
    section: str
    text: str

    @property
    def comment(self):
        """What the page says of it, behind it."""
        found = re.search(r"\s#\s+(.*)$", self.text.splitlines()[-1])
        return found[1] if found else ""

    @property
    def place(self):
        return f"{self.page}:{self.line}"

    @property
    def title(self):
        """Its first line, without the comment."""
        first = self.text.splitlines()[0]
        return re.sub(r"\s+#\s.*$", "", first).rstrip("\\ ")


@dataclass
class Document:
    """A YAML document that the page shows."""

    page: str
    line: int
    section: str
    text: str
    # The file that the reader puts it into: the first that the commands behind it name and nobody has yet.
    path: str = ""

    @property
    def place(self):
        return f"{self.page}:{self.line}"


@dataclass
class Page:
    path: str
    items: list = field(default_factory=list)
    # Every span of code in the prose, with its line.
    spans: list = field(default_factory=list)
    # Lines of blocks that are no command, or of a language that nobody runs.
    faults: list = field(default_factory=list)

    @property
    def commands(self):
        return [item for item in self.items if isinstance(item, Command)]


def read(path):
    page = Page(path)
    with open(path, encoding="utf-8") as lines:
        text = lines.read().split("\n")
    section, language, block, began = "", None, [], 0
    for number, line in enumerate(text, 1):
        fence = re.match(r"```(\w*)\s*$", line)
        if language is None:
            if fence:
                language, block, began = fence[1], [], number + 1
            elif line.startswith("#"):
                section = line.lstrip("#").strip()
            else:
                page.spans += [(number, span) for span in re.findall(r"`([^`]+)`", line)]
        elif fence and not fence[1]:
            take(page, section, language, block, began)
            language = None
        else:
            block.append(line)
    if language is not None:
        page.faults.append(f"{path}:{began - 1}: this block has no end")
    return page


def take(page, section, language, block, began):
    if language == "yaml":
        page.items.append(Document(page.path, began, section, "\n".join(block) + "\n"))
    elif language == "sh":
        taken, first = [], began
        for number, line in enumerate(block, began):
            if not taken and (not line.strip() or line.lstrip().startswith("#")):
                continue
            first = first if taken else number
            taken.append(line)
            if is_whole("\n".join(taken)):
                page.items.append(Command(page.path, first, section, "\n".join(taken)))
                taken = []
        if taken:
            page.faults.append(f"{page.path}:{first}: no shell takes this as a command: {taken[0]}")
    elif language:
        page.faults.append(f"{page.path}:{began - 1}: nobody runs blocks of '{language}'")


def is_whole(text):
    """Whether a shell would begin with it, instead of waiting for more."""
    if text.endswith("\\"):
        return False
    told = subprocess.run(["bash", "-n"], input=text + "\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return told.returncode == 0 and not told.stdout
