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


# Classic BPF over frames: TCP of IPv4 or of IPv6 without extension headers, with SYN.
HANDSHAKES = [
    (0x28, 0, 0, 12),  # ldh [12]: the EtherType
    (0x15, 0, 5, 0x0800),
    (0x30, 0, 0, 23),
    (0x15, 0, 9, 6),
    (0xB1, 0, 0, 14),  # ldx 4 * ([14] & 15)
    (0x50, 0, 0, 27),  # ldb [x + 27]: the flags
    (0x05, 0, 0, 4),
    (0x15, 0, 5, 0x86DD),
    (0x30, 0, 0, 20),
    (0x15, 0, 3, 6),
    (0x30, 0, 0, 67),
    (0x45, 0, 1, 2),
    (0x06, 0, 0, 0xFFFF),
    (0x06, 0, 0, 0),
]
SO_ATTACH_FILTER = 26


def tap(interface):
    """What passes there of handshakes, and nothing else: a transfer beside them would fill the socket's queue."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in HANDSHAKES))
    # Of no protocol until the filter is there.
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    found.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(HANDSHAKES), ctypes.addressof(code)))
    found.bind((interface, 3))
    return found


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
    """Source, destination, flags and options of a SYN or SYN-ACK, of IPv4 or of IPv6 without extension headers; None for anything else."""
    if len(packet) >= 40 and packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_TCP:
        family, at, size, tcp = socket.AF_INET, 12, 4, packet[(packet[0] & 15) * 4:]
    elif len(packet) >= 60 and packet[0] >> 4 == 6 and packet[6] == socket.IPPROTO_TCP:
        family, at, size, tcp = socket.AF_INET6, 8, 16, packet[40:]
    else:
        return None
    if not tcp[13] & 2:
        return None
    return {
        "source": socket.inet_ntop(family, packet[at:at + size]),
        "destination": socket.inet_ntop(family, packet[at + size:at + 2 * size]),
        "ports": (int.from_bytes(tcp[0:2], "big"), int.from_bytes(tcp[2:4], "big")),
        "flags": tcp[13],
        "options": {str(kind): value for kind, value in options(tcp).items()},
    }
