"""What the gate stories share: namespaces, and TCP headers as they are on the wire."""
import ctypes
import socket
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


def enter(name):
    """Moves this process into the network namespace `name`."""
    with open(f"/run/netns/{name}") as namespace:
        if LIBC.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {name}")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def options(header):
    """Kind to value, in order, of the options of a TCP header."""
    found, at, end = {}, 20, (header[12] >> 4) * 4
    while at < end and header[at] != 0:
        if header[at] == 1:
            at += 1
            continue
        if at + 1 >= end or header[at + 1] < 2:
            break
        found[header[at]] = header[at + 2:at + header[at + 1]].hex()
        at += header[at + 1]
    return found


def handshake(packet):
    """Source, destination, flags and options of an IPv4 SYN or SYN-ACK; None for anything else."""
    if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
        return None
    tcp = packet[(packet[0] & 15) * 4:]
    if not tcp[13] & 2:
        return None
    return {
        "source": socket.inet_ntoa(packet[12:16]),
        "destination": socket.inet_ntoa(packet[16:20]),
        "flags": tcp[13],
        "options": {str(kind): value for kind, value in options(tcp).items()},
    }
