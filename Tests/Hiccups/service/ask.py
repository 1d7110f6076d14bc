"""Connects with TCP fast open so often, each time with some data, and prints how many answers were right.

usage: ask.py ADDRESS PORT COUNT
"""
import socket
import sys

right = 0
for at in range(int(sys.argv[3])):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        data = b"hello %d" % at
        connection.sendto(data, socket.MSG_FASTOPEN, (sys.argv[1], int(sys.argv[2])))
        connection.shutdown(socket.SHUT_WR)
        got = b""
        while piece := connection.recv(100):
            got += piece
        right += got == data
print(right)
