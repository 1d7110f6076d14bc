"""Prints the rate, in bits a second, at which a transfer is acknowledged.

usage: rate.py CLIENT-NAMESPACE SERVER-NAMESPACE DESTINATION SECONDS
"""
import fcntl
import os
import signal
import socket
import struct
import sys
import time

import wire

PORT = 7090
SIOCOUTQ = 0x5411


def serve(namespace, ready):
    wire.enter(namespace)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.settimeout(20)
    listener.bind(("0.0.0.0", PORT))
    listener.listen(1)
    os.write(ready, b"r")
    connection, _ = listener.accept()
    connection.settimeout(20)
    try:
        while connection.recv(1 << 20):
            pass
    except OSError:
        pass


def main():
    client, server, destination, seconds = sys.argv[1:]
    signal.alarm(30)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            serve(server, write)
        finally:
            os._exit(0)
    wire.enter(client)
    os.read(read, 1)
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.settimeout(10)
    connection.connect((destination, PORT))
    connection.settimeout(0.05)
    sent, block, begin = 0, b"x" * 65536, time.monotonic()
    while time.monotonic() < begin + float(seconds):
        try:
            sent += connection.send(block)
        except TimeoutError:
            pass
    queued = struct.unpack("i", fcntl.ioctl(connection.fileno(), SIOCOUTQ, b"\0\0\0\0"))[0]
    print(int((sent - queued) * 8 / (time.monotonic() - begin)))
    # A reset: what is queued need not be drained.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    os.waitpid(child, 0)


main()
