"""Opens one connection from each source to each destination with every extension that is gated, and prints each SYN and
SYN-ACK as it was on the wire, as JSON; with each SYN-ACK what the client's own TCP then made of it, behind its gates: the options that it
has on, both window scales, the MSS that it sends.

usage: shake.py CLIENT-NAMESPACE SERVER-NAMESPACE SERVER-INTERFACE SOURCE:DESTINATION...     (SOURCE,DESTINATION for IPv6)
"""
import json
import os
import select
import signal
import socket
import struct
import sys
import time

import wire

PORT = 7080
TCP_FASTOPEN = 23
MPTCP = 262
SYN_SENT = 2
TCPI_OPT_ECN_SEEN = 16


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def agreed(connection):
    """Of struct tcp_info, linux/tcp.h: the state is byte 0, options and scales are 5 and 6, snd_mss the third word from 8 on."""
    while (info := connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 24))[0] == SYN_SENT:
        time.sleep(0.005)  # the alarm bounds it
    return [info[5] & ~TCPI_OPT_ECN_SEEN, info[6], struct.unpack_from("I", info, 16)[0]]


def serve(namespace, interface, pairs, ready, result, done):
    wire.enter(namespace)
    listeners = []
    for protocol, port in ((MPTCP, PORT), (0, PORT + 1)):
        listener = socket.socket(family(pairs[0][1]), socket.SOCK_STREAM, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if protocol == 0:
            listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
        listener.bind(("", port))
        listener.listen(64)
        listeners.append(listener)
    tap = wire.tap(interface)
    os.write(ready, b"r")
    seen, held = {}, []
    ends = [set(pair) for pair in pairs]
    # Two connections for each pair, a SYN and a SYN-ACK for each.
    wanted, until = len(pairs) * 4, time.monotonic() + 15
    while len(seen) < wanted and time.monotonic() < until:
        readable, _, _ = select.select([tap, *listeners], [], [], 0.2)
        for each in readable:
            if each is not tap:
                held.append(each.accept())
                continue
            packet = tap.recv(2048)[14:]
            found = wire.handshake(packet)
            # Whatever else is on this link, such as an agent's probes, is none of ours.
            if found and {found["source"], found["destination"]} in ends:
                ports = found["ports"]
                found["fastOpen"] = PORT + 1 in ports
                seen.setdefault((found["source"], found["destination"], ports, found["flags"] & 16), found)
    os.write(result, json.dumps(list(seen.values())).encode())
    os.close(result)
    os.read(done, 1)


def main():
    client, server, interface, *rest = sys.argv[1:]
    pairs = [pair.split("," if "," in pair else ":") for pair in rest]
    ready_read, ready_write = os.pipe()
    result_read, result_write = os.pipe()
    done_read, done_write = os.pipe()
    signal.alarm(30)
    child = os.fork()
    if child == 0:
        code = 1
        os.close(done_write)
        try:
            serve(server, interface, pairs, ready_write, result_write, done_read)
            code = 0
        finally:
            os._exit(code)
    os.close(ready_write)
    os.close(result_write)
    os.close(done_read)
    wire.enter(client)
    if os.read(ready_read, 1) != b"r":
        sys.exit("the server did not start")
    held = []
    for source, destination in pairs:
        connection = socket.socket(family(source), socket.SOCK_STREAM, MPTCP)
        connection.settimeout(5)
        connection.bind((source, 0))
        connection.connect((destination, PORT))
        held.append(connection)
        # With a time limit it would not block, and a first SYN with fast open not be waited for: the alarm bounds it.
        connection = socket.socket(family(source), socket.SOCK_STREAM)
        connection.bind((source, 0))
        connection.sendto(b"x", socket.MSG_FASTOPEN, (destination, PORT + 1))
        held.append(connection)
    text = b""
    while piece := os.read(result_read, 65536):
        text += piece
    seen = json.loads(text or "[]")
    for connection in held:
        (source, port), (destination, _) = connection.getsockname()[:2], connection.getpeername()[:2]
        for each in seen:
            if each["source"] == destination and each["destination"] == source and each["ports"][1] == port:
                each["agreed"] = agreed(connection)
    os.close(done_write)
    _, status = os.waitpid(child, 0)
    if status != 0:
        sys.exit("the server failed")
    print(json.dumps(seen))


main()
