"""Says to a service's port what no kernel's TCP would, and prints what comes back.

usage: raw.py INTERFACE SOURCE DESTINATION LINK-ADDRESS PORT CASE
"""
import os
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "gates"))
import wire  # noqa: E402

MARK = 0x48494343
SYN, ACK, RST = 2, 16, 4

interface, source, destination, link, port, case = sys.argv[1:]
port = int(port)
tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
tap.bind((interface, 0x0800))
head = bytes.fromhex(link.replace(":", "")) + tap.getsockname()[4] + b"\x08\x00"


def packet(own_port, flags, sequence, acknowledgement, options=b"", data=b"", to=destination):
    addresses = socket.inet_aton(source) + socket.inet_aton(to)
    tcp = struct.pack(">HHIIBBHHH", own_port, port, sequence, acknowledgement, (5 + len(options) // 4) << 4, flags,
                      4096, 0, 0) + options + data
    tcp = tcp[:16] + struct.pack(
        ">H", wire.checksum(addresses + struct.pack(">HH", 6, len(tcp)) + tcp)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 7, 0x4000, 64, 6, 0) + addresses
    ip = ip[:10] + struct.pack(">H", wire.checksum(ip)) + ip[12:]
    return head + ip + tcp


def answers(own_port, wanted, seconds):
    """Up to `wanted` TCP segments to `own_port`, within `seconds`: flags, sequence, acknowledgement, the IP packet."""
    found, until = [], time.monotonic() + seconds
    while len(found) < wanted and (left := until - time.monotonic()) > 0:
        if not select.select([tap], [], [], left)[0]:
            break
        ip = tap.recv(2048)[14:]
        tcp = ip[(ip[0] & 15) * 4:]
        if ip[9] == 6 and tcp[0:4] == struct.pack(">HH", port, own_port):
            found.append((tcp[13], *struct.unpack(">II", tcp[4:12]), ip))
    return found


if case == "retransmission":
    # Answered as at first: an answer that was lost is made good by the next.
    syn = packet(41001, SYN, 1000, MARK)
    tap.send(syn)
    first = answers(41001, 1, 5)
    tap.send(syn)
    second = answers(41001, 1, 5)
    print("same" if first and second and first[0][3] == second[0][3] and first[0][0] == SYN | ACK else "different")
elif case == "fast-open":
    # Data in a SYN that is not acknowledged is sent again by its sender.
    tap.send(packet(41002, SYN, 1000, MARK, bytes.fromhex("2202" "0101"), b"GET /"))
    print("acknowledged %d" % (answers(41002, 1, 5)[0][2] - 1000))
elif case == "completed":
    # Whoever completes the handshake of a probe has no connection, and is told so.
    tap.send(packet(41003, SYN, 1000, MARK))
    sequence = answers(41003, 1, 5)[0][1]
    tap.send(packet(41003, ACK, 1001, sequence + 1))
    print("reset" if answers(41003, 1, 5)[0][0] & RST else "no reset")
elif case == "unmarked":
    # An acknowledgement number in a SYN that is not the mark: the service's own TCP answers.
    tap.send(packet(41004, SYN, 1000, MARK + 1))
    print("answered %02x" % answers(41004, 1, 5)[0][0])
elif case == "routed":
    # Not addressed to this host: not its to answer. The probe behind it is answered, so the first was seen too.
    tap.send(packet(41005, SYN, 1000, MARK, to="198.51.100.9"))
    tap.send(packet(41006, SYN, 1000, MARK))
    found, until = set(), time.monotonic() + 5
    while 41006 not in found and time.monotonic() < until:
        if select.select([tap], [], [], 0.1)[0]:
            ip = tap.recv(2048)[14:]
            tcp = ip[(ip[0] & 15) * 4:]
            if ip[9] == 6 and tcp[0:2] == struct.pack(">H", port):
                found.add(struct.unpack(">H", tcp[2:4])[0])
    print("answered", *sorted(found))
elif case.startswith("flood"):
    # flood:N: that many marked SYNs at once.
    count = int(case.split(":")[1])
    started = time.monotonic()
    for at in range(count):
        try:
            tap.send(packet(42000 + at % 8000, SYN, at, MARK))
        except OSError:
            pass
    print("sent in %.1f" % (time.monotonic() - started))
else:
    sys.exit(f"no case {case}")
