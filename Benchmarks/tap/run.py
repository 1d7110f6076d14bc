"""Paired and interleaved: each round runs every variant once, in turning order; a result is the median over rounds of
the ratio to the same round's run without the tap.

CPU time (user + system, of client and server together) is the measure of the named results, for it holds on a busy
machine; wall time stands beside it. The dispersion (quartiles) is printed, so that a noisy run can be told.
"""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.getcwd()
TAP = os.path.join(ROOT, ".build/tap/libl45tap.so")
TAPCTL = os.path.join(ROOT, ".build/tap/tests/tapctl")
PERCALL = os.path.join(ROOT, ".build/tap/tests/percall")
VARIANTS = ["none", "unmatched", "tagged"]
QUERIES = 1000
rounds_dns = int(os.environ.get("ROUNDS_DNS", "9"))
rounds_bulk = int(os.environ.get("ROUNDS_BULK", "5"))
rounds_call = int(os.environ.get("ROUNDS_CALL", "11"))
BULK = int(os.environ.get("BULK_BYTES", str(1 << 30)))

memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
scratch = tempfile.mkdtemp(prefix="l45-bench.", dir=memory)
os.chmod(scratch, 0o755)
servers = []


def free_port():
    with socket.socket() as s, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        u.bind(("127.0.0.1", port))
        return port


def environment(variant):
    env = dict(os.environ)
    if variant != "none":
        env["LD_PRELOAD"] = TAP
        env["L45_TAP_DIR"] = os.path.join(scratch, variant)
    return env


def publish(variant, rules):
    subprocess.run([TAPCTL, "publish", os.path.join(scratch, variant), "1"], input="\n".join(rules) + "\n", text=True, check=True)


def start(command, variant):
    process = subprocess.Popen(command, env=environment(variant), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    servers.append(process)
    return process


def until_open(port):
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"error: nothing listens on port {port}")


def cpu_of(pids):
    """Nanoseconds that these single-threaded processes have run."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/schedstat") as f:
            total += int(f.read().split()[0])
    return total


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(c) for c in f.read().split()]


def measure(command, variant, serving):
    """(CPU seconds of client and server, wall seconds)"""
    before = cpu_of(serving)
    start_s = time.monotonic()
    pid = os.posix_spawn(
        command[0], command, environment(variant), file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - start_s
    if status != 0:
        sys.exit(f"error: {' '.join(command)} ({variant}) ended with status {status}")
    return usage.ru_utime + usage.ru_stime + (cpu_of(serving) - before) / 1e9, wall


def compare(title, rounds, run):
    ratios = {(v, m): [] for v in VARIANTS[1:] for m in (0, 1)}
    base = []
    for turn in range(-1, rounds):
        order = VARIANTS[turn % 3:] + VARIANTS[:turn % 3]
        got = {v: run(v) for v in order}
        if turn < 0:
            continue  # caches warm up
        base.append(got["none"])
        for v in VARIANTS[1:]:
            for m in (0, 1):
                ratios[v, m].append(got[v][m] / got["none"][m])
    cpu, wall = (statistics.median(b[m] for b in base) for m in (0, 1))
    print(f"{title}: without the tap {cpu:.4g} CPU, {wall:.4g} wall (medians of {rounds} rounds)")
    medians = {}
    for v in VARIANTS[1:]:
        for m, name in ((0, "CPU"), (1, "wall")):
            values = ratios[v, m]
            low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
            medians[v, m] = middle
            print(f"  {v:9} {name:4} ratio {middle:.4f}  quartiles {low:.4f} .. {high:.4f}")
    return medians


def main():
    dns, web, udp, tcp, files = ({v: free_port() for v in VARIANTS} for _ in range(5))
    www = os.path.join(scratch, "www")
    os.mkdir(www)
    with open(os.path.join(www, "big"), "wb") as f:
        block = os.urandom(1 << 20)
        for _ in range(BULK >> 20):
            f.write(block)
    for variant in VARIANTS[1:]:
        subprocess.run([TAPCTL, "sweep", os.path.join(scratch, variant)], stdout=subprocess.DEVNULL, check=True)
        rules = []
        number = 0
        for ports, kind in ((dns, "datagram"), (udp, "datagram"), (web, "stream"), (files, "stream"), (tcp, "stream")):
            # Rules that match nothing stand for the same protocols and any program, on other ports.
            port = ports[variant] if variant == "tagged" else 1
            proto = "tcp" if kind == "stream" else "udp"
            number += 2
            common = f"kind={kind} proto={proto} tag=32 frame=1000"
            rules.append(f"mod={number} {common} flags=req,resp remote=*:{port}")
            rules.append(f"mod={number + 1} {common} flags=server,req,resp local=*:{port}")
        publish(variant, rules)
    dnsmasq, nginx = {}, {}
    for variant in VARIANTS:
        dnsmasq[variant] = start(
            ["/usr/sbin/dnsmasq", "-k", f"--port={dns[variant]}", "--listen-address=127.0.0.1", "--bind-interfaces", "--no-hosts",
             "--no-resolv", "--pid-file=", "--conf-file=/dev/null", *(["--user=root"] if os.getuid() == 0 else []),
             "--host-record=bench.test,10.1.2.3"], variant)
        config = os.path.join(scratch, f"nginx.{variant}")
        with open(config, "w") as f:
            f.write(f"""daemon off; worker_processes 1; error_log {scratch}/nginx.log; pid {scratch}/{variant}.pid;
{'user root;' if os.getuid() == 0 else ''} events {{ worker_connections 64; }}
http {{ access_log off; tcp_nopush on;
client_body_temp_path {scratch}/b; proxy_temp_path {scratch}/p; fastcgi_temp_path {scratch}/f; uwsgi_temp_path {scratch}/u; scgi_temp_path {scratch}/s;
server {{ listen 127.0.0.1:{web[variant]}; root {www}; sendfile off; }}
server {{ listen 127.0.0.1:{files[variant]}; root {www}; sendfile on; }} }}
""")
        nginx[variant] = start(["/usr/sbin/nginx", "-c", config, "-e", f"{scratch}/nginx.log"], variant)
    for variant in VARIANTS:
        until_open(dns[variant])
        until_open(web[variant])
    workers = {v: children(nginx[v].pid) for v in VARIANTS}
    names = os.path.join(scratch, "names")
    with open(names, "w") as f:
        f.write("bench.test A\n" * QUERIES)
    dig, curl = shutil.which("dig"), shutil.which("curl")

    def per_call(kind, ports, pairs):
        def run(variant):
            out = subprocess.run([PERCALL, kind, str(ports[variant]), str(pairs)], env=environment(variant), check=True,
                                 capture_output=True, text=True).stdout
            return float(out), float(out)
        return run

    def ask(variant):
        return measure([dig, "+noall", "+answer", "-p", str(dns[variant]), "@127.0.0.1", "-f", names], variant, [dnsmasq[variant].pid])

    def fetch(ports):
        def run(variant):
            return measure([curl, "-sS", "-o", "/dev/null", f"http://127.0.0.1:{ports[variant]}/big"], variant, workers[variant])
        return run

    parts = sys.argv[1:] or ["calls", "dns", "bulk"]
    results = {}
    if "calls" in parts:
        results["udp_pair"] = compare("UDP send + recv pair, 64 bytes, one process (ns)", rounds_call, per_call("udp", udp, 200000))
        results["tcp_pair"] = compare("TCP send + recv pair, 64 bytes, one process (ns)", rounds_call, per_call("tcp", tcp, 200000))
    if "dns" in parts:
        results["dns"] = compare(f"{QUERIES} dig queries to dnsmasq (s)", rounds_dns, ask)
    if "bulk" in parts:
        title = f"curl of {BULK >> 20} MiB from nginx, sendfile"
        results["bulk"] = compare(f"{title} off (s)", rounds_bulk, fetch(web))
        results["bulk_sendfile"] = compare(f"{title} on (s)", rounds_bulk, fetch(files))
    print("named results are of CPU time, client and server together; bulk is without sendfile")
    for name, medians in results.items():
        for variant in VARIANTS[1:]:
            print(f"RESULT tap_{name}_{variant}_ratio={medians[variant, 0]:.4f} ratio")
    for name in (n for n in ("dns", "bulk", "bulk_sendfile") if n in results):
        for variant in VARIANTS[1:]:
            print(f"RESULT tap_{name}_{variant}_wall_ratio={results[name][variant, 1]:.4f} ratio")


try:
    main()
finally:
    for server in servers:
        server.send_signal(signal.SIGTERM)
    for server in servers:
        server.wait()
    shutil.rmtree(scratch, ignore_errors=True)
