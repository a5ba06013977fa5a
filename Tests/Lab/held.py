"""Connections that a lab's client holds, answered or not.

TCP asks again after 1, 2, 4 and more seconds: in its second minute too late for an entry of IPVS, which has one minute without an
answer. So a slow machine would look for entries that have gone. What has no answer is begun anew each minute, from the same port."""

import socket
import time

PERIOD = 55  # seconds
SYN_SENT = 2  # the kernel's TCP_SYN_SENT, the first byte of its struct tcp_info


def connect(address, port=0):
    connection = socket.socket()
    connection.setblocking(False)
    connection.bind(("", port))
    connection.connect_ex(address)
    return connection


def hold(addresses, seconds=3600, begun=lambda: None):
    """Connects to each address, tells so, and keeps the connections for so long."""
    held = [(connect(address), address) for address in addresses]
    begun()
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, PERIOD))
        held = [(renewed(connection, address), address) for connection, address in held]


def renewed(connection, address):
    if connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != SYN_SENT:
        return connection
    port = connection.getsockname()[1]
    connection.close()
    return connect(address, port)
