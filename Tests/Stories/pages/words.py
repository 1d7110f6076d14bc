"""Whether what a page writes is there: verbs and options by l45's own definitions, files, steps and benchmarks by the tree."""

import json
import os
import re
import shlex
import subprocess

FOLDERS = ("scripts", "Tests", "Sources", "kmod", "Benchmarks", "Models", "Fuzzers", "intents", "docs", "schema")


class Verbs:
    def __init__(self, l45):
        dump = subprocess.run([l45, "--experimental-dump-help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.root = json.loads(dump)["command"]

    def fault(self, text):
        """What of a command line is not there, or None. Words as A|B stand for each, words in brackets may be left out."""
        text = re.sub(r"\s#\s.*$", "", text).replace("[", " ").replace("]", " ").replace("...", " ")
        try:
            words = shlex.split(text.replace("|", "\x01").replace("&", " ").replace(";", " "))
        except ValueError as error:
            return f"'{text}' cannot be read: {error}"
        return self.walk(self.root, words[1:], "l45")

    def examples(self, command=None, name=""):
        """The command lines that --help shows, of every verb: whose help, and the line."""
        command = command or self.root
        name = f"{name} {command['commandName']}".strip()
        for line in command.get("discussion", "").splitlines():
            # What is said of a line stands behind a gap.
            found = re.match(r"  (?:\w+='[^']*' )?(l45 (?![A-Z]).*?)(?:\s{3,}.*)?$", line)
            if found:
                yield name, found[1]
        for each in command.get("subcommands", []):
            yield from self.examples(each, name)

    def walk(self, command, words, name):
        subcommands = {each["commandName"]: each for each in command.get("subcommands", [])}
        options = [option for each in command.get("arguments", []) for option in each.get("names", [])]
        default = subcommands.get(command.get("defaultSubcommand"))
        if default and words and words[0].startswith("-"):
            return self.walk(default, words, f"{name} {default['commandName']}")
        known = {("--" if option["kind"] == "long" else "-") + option["name"] for option in options} | {"-h", "--help"}
        for at, word in enumerate(words):
            if word == "--":
                return None
            if word.startswith("-") and len(word) > 1:
                missing = [one for one in word.split("\x01") if one.startswith("-") and one.split("=")[0] not in known]
                if missing:
                    return f"'{name}' has no option '{missing[0]}'"
            elif subcommands:
                for one in word.split("\x01"):
                    if one not in subcommands:
                        return f"'{name}' has no verb '{one}'"
                    fault = self.walk(subcommands[one], words[at + 1:], f"{name} {one}")
                    if fault:
                        return fault
                return None
        return None


def commands(text):
    """The calls of l45 in a command line or a span of code: each from its name on, to where the shell ends it."""
    text = re.sub(r"'[^']*'", "'quoted'", text)
    for part in re.split(r"&&|\|\||;|\"?\$\(|\)\"?|\n|(?<=\s)\|(?=\s)|(?<=\s)>(?=\s)", text.replace("\\\n", " ")):
        found = re.match(r"\s*(?:until\s+|sudo\s+)?(l45\s+[a-z-].*)$", part)
        # `l45 VERB` and the like name no verb.
        if found and not re.match(r"l45\s+[A-Z]", found[1]):
            yield found[1].strip()


def missing(text):
    """Files of the tree that a command line or a span of code names and that are not there."""
    for word in re.split(r"[\s\"'(),;:]+", text):
        folder = word.split("/")[0]
        if "/" in word and folder in FOLDERS and re.fullmatch(r"[\w./+-]+", word) and not os.path.exists(word.rstrip(".")):
            yield f"there is no '{word}'"
    bench = re.search(r"scripts/bench ([a-z][a-z-]*)", text)
    if bench and not os.path.exists(f"Benchmarks/{bench[1]}/run"):
        yield f"there is no benchmark '{bench[1]}'"
    step = re.search(r"scripts/test ([a-z][a-z -]*)", text)
    if step:
        with open("scripts/test", encoding="utf-8") as lines:
            there = set(re.findall(r"^step_([\w-]+)\(\)", lines.read(), re.M))
        for one in step[1].split():
            if one not in there:
                yield f"scripts/test has no step '{one}'"
