"""A middlebox for SYNs to one prefix: it adds window scaling to those that have none. Everything else is the kernel's.

The router drops those SYNs itself, so that only what this program sends reaches the far end.

Prints its process id and goes on in the background, for five minutes at most.

usage: box.py NAMESPACE INSIDE OUTSIDE FAR-MAC PREFIX-START
"""
import os
import signal
import socket
import struct
import sys

import wire

SCALE = b"\x01\x03\x03\x07"


def changed(packet):
    head = (packet[0] & 15) * 4
    ip, tcp = bytearray(packet[:head]), bytearray(packet[head:struct.unpack(">H", packet[2:4])[0]])
    if 3 not in wire.options(tcp):
        size = (tcp[12] >> 4) * 4
        tcp[size:size] = SCALE
        tcp[12] = (size + len(SCALE)) // 4 << 4 | tcp[12] & 15
    ip[2:4] = struct.pack(">H", len(ip) + len(tcp))
    ip[8] -= 1
    ip[10:12] = b"\0\0"
    ip[10:12] = struct.pack(">H", wire.checksum(bytes(ip)))
    tcp[16:18] = b"\0\0"
    pseudo = bytes(ip[12:20]) + struct.pack(">BBH", 0, 6, len(tcp))
    tcp[16:18] = struct.pack(">H", wire.checksum(pseudo + bytes(tcp)))
    return bytes(ip + tcp)


def main():
    namespace, inside, outside, far, prefix = sys.argv[1:]
    wire.enter(namespace)
    near = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    near.bind((inside, 3))
    away = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    away.bind((outside, 0))
    own = away.getsockname()[4]
    child = os.fork()
    if child:
        print(child)
        return
    signal.alarm(300)
    while True:
        frame, address = near.recvfrom(65536)
        if address[2] == socket.PACKET_OUTGOING:
            continue
        found = wire.handshake(frame[14:])
        if found and not found["flags"] & 16 and found["destination"].startswith(prefix):
            away.send(bytes.fromhex(far.replace(":", "")) + own + b"\x08\x00" + changed(frame[14:]))


main()
