"""Reads the pages, does what they say, and looks for what they promise: story.py [PAGE...]."""

import os
import subprocess
import sys

import page as pages
import promises
import words
from reader import Reader
from verdicts import counts, tell


def look(page, verbs):
    """Every verb, option, file and benchmark that a page names is there."""
    faults, count = [], 0
    for line, text in [(each.line, each.text) for each in page.commands] + page.spans:
        for call in words.commands(text):
            count += 1
            fault = verbs.fault(call)
            if fault:
                faults.append(f"{page.path}:{line}: {fault}: {call}")
        for fault in words.missing(text):
            if (page.path, text) in promises.OF_OTHERS:
                promises.seen.add((page.path, text))
            else:
                faults.append(f"{page.path}:{line}: {fault}")
    tell("; ".join(faults[:5]), f"{page.path}: {count} calls of l45, and every file that it names, are there")


def look_at_help(verbs):
    """Every example of --help is one."""
    shown = [(name, call) for name, line in verbs.examples() for call in words.commands(line)]
    faults = [f"{name}: {fault}: {call}" for name, call in shown for fault in [verbs.fault(call)] if fault]
    tell("; ".join(faults[:5]) or ("" if shown else "there is none"), f"l45 --help: {len(shown)} examples of all verbs are calls of l45")


def main():
    tracked = subprocess.run(["git", "ls-files", "*.md"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    asked = sys.argv[1:] or tracked
    verbs = words.Verbs(os.environ["L45_PAGES_BIN"])
    for path in asked:
        page = pages.read(path)
        look(page, verbs)
        if page.items or page.faults:
            Reader(page).follow()
    if not sys.argv[1:]:
        look_at_help(verbs)
        for one in promises.OF_OTHERS:
            if one not in promises.seen:
                tell("the page has no such words any more", f"{one[0]}: '{one[1]}' of promises.py")
        for each in promises.PROMISES:
            if each.page not in tracked:
                tell("there is no such page", f"'{each.page}' of promises.py")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    sys.exit(counts["failed"] > 0)


main()

