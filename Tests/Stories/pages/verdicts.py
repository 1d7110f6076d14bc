"""What held and what did not, a line each."""

import os

SHOW = "L45_PAGES_SHOW" in os.environ
counts = dict(passed=0, failed=0)


def tell(fault, what, evidence=""):
    counts["failed" if fault else "passed"] += 1
    print(f"{'FAILED' if fault else 'ok    '} {what}{': ' + fault if fault else ''}", flush=True)
    if evidence and (fault or SHOW):
        print("".join(f"       | {line}\n" for line in evidence.splitlines()[-60 if SHOW else -15:]), end="", flush=True)
