"""What the pages promise of their commands, and how it is seen. The commands themselves are on the pages alone: here is how each begins.

An entry whose command is on the page no more fails, and so does a command with a comment that has no entry. One without both has to
end with status 0.
"""

import subprocess
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Interruption:
    """A command of the page, ended by Ctrl-C when it has written so many lines into a file."""

    command: str
    file: str
    lines: int


@dataclass(frozen=True)
class Promise:
    page: str
    # A regular expression for how the command begins.
    command: str
    # Regular expressions that its output has to meet, by lines.
    says: tuple = ()
    status: int = 0
    # It has to end within this.
    seconds: int = 60
    # What it shows may take so many seconds to come: it is done again until then.
    within: float = 0
    # It stays, in a terminal of its own; what it says once it is up. At the page's end it ends by Ctrl-C, with this status.
    stays: str = ""
    ends: int = 0
    terminal: str = "reader"
    interrupts: Interruption = None
    # Files that it leaves, and what is in them.
    files: dict = field(default_factory=dict, hash=False)
    # Returns what is wrong, given the command and what was said.
    check: object = None
    # It is not run here, for this reason.
    elsewhere: str = ""


def installed(command, _):
    """Each package that the page names is one, and is here."""
    names = [word for word in command.text.split()[3:] if not word.startswith("-")]
    told = subprocess.run(["dpkg", "-s", *names], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return told.stderr.strip()


def at_sudos_hand(command, _):
    """Where sudo looks, l45 is, and is the one that was built here."""
    told = subprocess.run(["sudo", "l45", "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return "" if told.returncode == 0 else told.stdout.strip()


def webhook_answers(command, _):
    """The orchestrator listens where the page has told it to, and takes nothing that is not signed."""
    told = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--data", "{}", "http://127.0.0.1:7451/webhook"],
                          stdout=subprocess.PIPE, text=True)
    return "" if told.stdout == "401" else f"the webhook answers {told.stdout}"


def unchanged(path):
    """What is generated is what is committed."""
    def check(command, _):
        told = subprocess.run(["git", "diff", "--stat", "--", path], stdout=subprocess.PIPE, text=True)
        return told.stdout.strip()
    return check


README, CONTRIBUTING = "README.md", "CONTRIBUTING.md"
# Then scripts/test names the same script or tool.
STEP = "scripts/test does so"

PROMISES = (
    # Two commands
    Promise(README, r"scripts/quickstart +#", elsewhere=f"{STEP}, line by line"),
    Promise(README, r"scripts/test ", elsewhere="it runs this"),
    # A first session
    Promise(README, r"sudo apt-get install", elsewhere="needs Debian's servers; each package is here already", check=installed),
    Promise(README, r"swift build --product l45", (r"complete!", r"libl45tap\.so$"), seconds=300),
    Promise(README, r"l45 diff ", (r"^device/dns-1$", r"^device/laptop$", r"dig-dns/0 client .* tag, 32 bytes"), status=1),
    Promise(README, r"l45 plan +-f /tmp", (r"^device/laptop$", r"^ +proved +dig-dns/0 +round trip", r"^ +violations +0$")),
    Promise(README, r"l45 apply +-f /tmp", (r"^intent/dig-dns created$", r"^intent/dig-dns settled")),
    Promise(README, r"l45 run .* dig ", (r"^192\.0\.2\.45$",)),
    Promise(README, r"l45 get modules", (r" laptop +dig-dns/0 +1 +client +active ", r" dns-1 +dig-dns/0 +1 +server +active ")),
    Promise(README, r"l45 describe intent", (r"^Conditions$", r"^ +Ready +true", r"^Flows$", r"^Modules$", r"^Events$", r"intent adopted")),
    Promise(README, r"l45 tree", (r"^intent dig-dns ", r" plan dig-dns/0 ", r" device laptop ", r" module \w+ ", r" socket udp dig/")),
    Promise(README, r"l45 trace", (r"^Verdict +customized$", r"^From laptop$", r"^To dns-1$")),
    Promise(README, r"l45 rollout rotate", (r"rotates to epoch 2$", r"^intent/dig-dns settled")),
    Promise(README, r"l45 rollout undo", (r"goes back to epoch 1$", r"^intent/dig-dns settled")),
    Promise(README, r"l45 rollout status .* --why", (r"^dig-dns/0 is done: settled at epoch 1 ",)),
    Promise(README, r"l45 delete intent dig-dns ", (r"^intent/dig-dns deleted",)),
    # Intents
    Promise(README, r"l45 validate -f \S+ +#", (r"no mistake$",)),
    Promise(README, r"l45 validate .* -o sarif", files={"rotate-6h.sarif": r'"version" ?: ?"2\.1\.0"'}),
    Promise(README, r"l45 explain -f intents/", (r"^  - tag:$", r"^      application: \{process: dig\}$", r"^  - rotate: \{every: 6h")),
    Promise(README, r"l45 edit", (r"^intent/rotate-6h configured$",)),
    Promise(README, r"l45 rollout history", (r"^REVISION .* AGE +CAUSE +BY .* RESULT", r"^1 .* l45 apply +superseded", r"^2 .* l45 edit +settled")),
    # Follow a repository
    Promise(README, r"l45 get sources", (r"^net +yes +yes +[0-9a-f]+ +1 ",), within=20),
    Promise(README, r"l45 describe source", (
        r"^Follows +branch main, folder intents$", r"^Observed +[0-9a-f]{40}$", r"^Attempted +[0-9a-f]{40}$", r"^Applied +[0-9a-f]{40}$",
        r"^Policy .* ssh signatures required$", r"^Conditions$", r"^History$")),
    Promise(README, r"l45 source suspend", (r"^source/net suspended$",)),
    Promise(README, r"until l45 wait", check=webhook_answers),
    # The inventory as files
    Promise(README, r"l45 import", (r"^declared/laptop created$", r"^declared/web-1 created, not enrolled$", r"no file names: dns-1$")),
    Promise(README, r"l45 get devices -o wide", (
        r" DECLARED$", r"^dns-1 .* no$", r"^laptop .*group\.paris=yes.*site=paris.* inventory\.yaml$", r"^web-1 .*role=web,site=paris.* inventory\.yaml$")),
    Promise(README, r"l45 export", files={"fleet.yaml": r"(?s)^name: web$.*^kind: Inventory$|^kind: Inventory$.*^name: web$"}),
    # Plan first
    Promise(README, r"l45 plan .* +# three", (r"^\+ intent/dig-dns-chain-mark$", r"composition .* then dig-dns-chain-mark/0: one module")),
    Promise(README, r"l45 plan .* --detailed-exitcode", (r'"verdict" : "proved"',), status=2),
    # Threat levels
    Promise(README, r"l45 apply -f intents/threat-level", (r"settled",)),
    Promise(README, r"l45 threat-level +#", (r"^Level +CPCON5$", r"^Set by +intents/threat-level\.yaml", r" CPCON2 .* cpcon-dns-strict")),
    Promise(README, r"l45 threat-level CPCON2", (r"goes from CPCON5, .* to CPCON2$", r"^time to posture: \d")),
    Promise(README, r"l45 threat-level --back", (r" to CPCON5$", r"^time to posture: \d")),
    # Guard paths
    Promise(README, r"l45 explain -f wan", (r"^ +extensions: \{.*window scaling: auto, .*tfo: allow\}$", r"^ +every: 10m$", r"^ +probe: \{port: 4545")),
    Promise(README, r"l45 get paths", (r"^DEVICE +PATH .* CHANGED +GATES .* RATE ", r"^edge-1 +wan/10\.2\.0\.0/24 +clear ",), within=30),
    Promise(README, r"l45 describe path", (r"^ +EXTENSION +POLICY +OUT +BACK +GATED$", r"^Gates here", r"^Gates at the far devices", r"^Events$")),
    # The kernel tap
    Promise(README, r"scripts/quickstart --kernel", elsewhere=f"{STEP}, line by line"),
    Promise(README, r"sudo scripts/install-kmod", elsewhere="loads into the kernel that runs; scripts/test-kernel loads the same sources"),
    Promise(README, r"sudo ln ", check=at_sudos_hand),
    Promise(README, r"sudo l45 agent", stays=r"tap=\w+ .*agent started\n.*connected", terminal="a device"),
    # Probe and survey
    Promise(README, r"sudo l45 respond --port", stays=r"^ready, answering", ends=130, terminal="far"),
    Promise(README, r"sudo l45 respond --service", stays=r"^ready, answering", ends=130, terminal="far too"),
    Promise(README, r"sudo l45 probe \S+ --ecn", (r"HICCUPS-capable, 1 exchange$", r"^ +SYN-ACK +no change")),
    Promise(README, r"sudo l45 probe \S+ --set-option", (r"HICCUPS-capable",)),
    Promise(README, r"sudo l45 survey .* --plot", (r"^HICCUPS-capable +514 ",), files={"found.csv": r"^unchanged,", "found.svg": r"<svg"}),
    Promise(README, r"sudo l45 survey .* --resume", (r"^HICCUPS-capable +514 ",),
            interrupts=Interruption(r"sudo l45 survey .* --plot", "found.jsonl", 100)),
    # Try a path
    Promise(README, r"sudo l45 lab run --change", (r"SYN-ACK  HWINSCL changed",)),
    Promise(README, r"sudo l45 lab run --loss", (r"receiver$",)),
    Promise(README, r"sudo l45 lab up", stays=r"ready", terminal="lab"),
    # CONTRIBUTING
    Promise(CONTRIBUTING, r"swift build --explicit", elsewhere=f"{STEP} (swift)"),
    Promise(CONTRIBUTING, r"scripts/build-tap", (r"libl45tap\.so$",)),
    Promise(CONTRIBUTING, r"scripts/test +#", elsewhere="it runs this"),
    Promise(CONTRIBUTING, r"scripts/test swift", elsewhere="it runs this"),
    Promise(CONTRIBUTING, r"scripts/test-kernel", elsewhere=f"{STEP} (kernel)"),
    Promise(CONTRIBUTING, r"scripts/check-model", elsewhere=f"{STEP} (model)"),
    Promise(CONTRIBUTING, r"scripts/check-known-bugs", elsewhere=f"{STEP} (simulate)"),
    Promise(CONTRIBUTING, r"scripts/fuzz ", elsewhere=f"{STEP} (fuzz)"),
    Promise(CONTRIBUTING, r"scripts/bench +#", (r"^gitops +From a commit",)),
    Promise(CONTRIBUTING, r"swift format lint", elsewhere=f"{STEP} (style)"),
    Promise(CONTRIBUTING, r"swift run l45 schema >", seconds=300, check=unchanged("schema/intent.schema.json")),
    Promise(CONTRIBUTING, r"swift run l45 schema --reference", seconds=300, check=unchanged("docs/intent-reference.md")),
    Promise(CONTRIBUTING, r"L45_ROUNDS=", elsewhere=f"{STEP}, with fewer rounds (swift)"),
    Promise(CONTRIBUTING, r"L45_FUZZ_SECONDS=", elsewhere=f"{STEP}, in fewer seconds (swift)"),
)

GIVEN = (
    ((README, "Follow a repository"), "forge"),
    ((README, "Guard paths"), "guarded"),
    ((README, "Probe and survey"), "far-end"),
)

ENDS = ((README, "kill $(jobs -p)"),)

# Words that look like files of this tree and are another's.
OF_OTHERS = {("kmod/README.md", "scripts/sign-file sha256 KEY CERTIFICATE l45.ko"): "of the kernel's tree"}
seen = set()
