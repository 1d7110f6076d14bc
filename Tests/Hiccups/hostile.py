#!/usr/bin/env python3
"""Answers SYNs as nobody should: hostile.py PORT=MANNER...

Ports are held by listening sockets that drop all, answers leave by a packet socket. Says 'ready' once it listens.
"""
import ctypes
import os
import random
import socket
import struct
import sys

ETH_P_IP = 0x0800
SO_ATTACH_FILTER = 26


def hold(port):
    """A listening socket behind a filter that drops everything: no RST, no SYN-ACK of the kernel's."""
    code = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    program = struct.pack("HL", 1, ctypes.addressof(code))
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
    held.bind(("0.0.0.0", port))
    held.listen(1)
    return held


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment(source, destination, sport, dport, seq, ack, flags, offset=5, options=b"", spoil=0):
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, offset << 4, flags, 40000, 0, 0) + options
    pseudo = source + destination + struct.pack("!BBH", 0, 6, len(head))
    total = checksum(pseudo + head) ^ spoil
    head = head[:16] + struct.pack("!H", total) + head[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(head), random.getrandbits(16), 0x4000, 64, 6, 0) + source + destination
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + head


SYNACK = 0x12


def answers(manner, syn):
    """The packets that go back."""
    src, dst = syn["dst"], syn["src"]
    def make(seq=1, ack=syn["seq"] + 1, flags=SYNACK, sport=syn["dport"], source=src, **more):
        return segment(source, dst, sport, syn["sport"], seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, flags, **more)
    random_seq = random.getrandbits(32)
    if manner == "badsum":
        return [make(spoil=0x5555)]
    if manner == "malformed":  # a header that claims 60 bytes and has 20, one that claims 4, options without an end
        return [make(offset=15), make(offset=1), make(offset=6, options=b"\x08\xff\x03\x00")[:-4]]
    if manner == "truncated":
        whole = make()
        return [whole[:n] for n in (1, 12, 20, 27, 33, 39)]
    if manner == "wrongack":
        return [make(ack=syn["seq"] + 2), make(ack=0), make(flags=0x04, ack=syn["seq"] + 7)]
    if manner == "wrongport":
        return [make(sport=syn["dport"] ^ 1)]
    if manner == "elsewhere":
        return [make(source=src[:3] + bytes([src[3] ^ 8]))]
    if manner == "flood":
        return [make(seq=random.getrandbits(32), ack=random.getrandbits(32)) for _ in range(2000)] + [make(random_seq)] * 50
    if manner == "options":  # readable, with options that lead out of the header
        return [make(random_seq, offset=7, options=b"\x02\xff\x05\xb4\x03\x00\x00\x22")]
    if manner == "random":
        return [make(random_seq)]
    raise SystemExit(f"no manner '{manner}'")


def main():
    manners = {int(port): manner for port, manner in (word.split("=") for word in sys.argv[1:])}
    held = [hold(port) for port in manners]
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
    print("ready", flush=True)
    while held:
        data, place = wire.recvfrom(65535)
        if place[2] == socket.PACKET_OUTGOING or len(data) < 40 or data[9] != 6:
            continue
        at = (data[0] & 15) * 4
        sport, dport, seq = struct.unpack("!HHI", data[at:at + 8])
        if dport not in manners or data[at + 13] & SYNACK != 2:
            continue
        syn = {"src": data[12:16], "dst": data[16:20], "sport": sport, "dport": dport, "seq": seq}
        for packet in answers(manners[dport], syn):
            try:
                wire.sendto(packet, (place[0], ETH_P_IP, 0, 0, place[4]))
            except OSError:
                pass  # a full queue: a lost packet


if __name__ == "__main__":
    random.seed(os.getpid())
    main()
