"""A service that takes TCP fast open: sends back the first bytes of each connection.

usage: serve.py PORT
"""
import socket
import sys

TCP_FASTOPEN = 23

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
listener.bind(("0.0.0.0", int(sys.argv[1])))
listener.listen(64)
while True:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(connection.recv(100))
