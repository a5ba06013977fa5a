#!/usr/bin/env python3
"""sync-connections.py COUNT INTERFACE SYNCID [VIP PORT BACKEND PORT] - what another director's master daemon would send: COUNT
TCP connections, ESTABLISHED and masqueraded, for this machine's backup daemon on INTERFACE to take over.

The format is that of Linux 2.6.39 and later (net/netfilter/ipvs/ip_vs_sync.c: struct ip_vs_sync_mesg, struct ip_vs_sync_v4)."""

import ipaddress
import socket
import struct
import sys
import time

GROUP, PORT = "224.0.0.81", 8848
VERSION, ESTABLISHED, TIMEOUT = 1, 1, 900
A_DATAGRAM = 40


def connection(number, service, backend):
    client = int(ipaddress.ip_address("172.16.0.1")) + number // 50_000
    client_port = 1_024 + number % 50_000
    return struct.pack(
        ">BBHIHHHHII4s4s4s", 0, socket.IPPROTO_TCP, 36, 0, ESTABLISHED, client_port, service[1], backend[1], 0, TIMEOUT,
        client.to_bytes(4, "big"), socket.inet_aton(service[0]), socket.inet_aton(backend[0]))


def datagrams(count, identifier, service, backend):
    for start in range(0, count, A_DATAGRAM):
        body = b"".join(connection(number, service, backend) for number in range(start, min(start + A_DATAGRAM, count)))
        # reserved (0: a message of version 1), syncid, size, connections, version, spare
        yield struct.pack(">BBHBbH", 0, identifier, 8 + len(body), len(body) // 36, VERSION, 0) + body


def main():
    count, interface, identifier = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    service, backend = ("10.96.0.10", 80), ("10.244.0.5", 8080)
    if len(sys.argv) > 7:
        service, backend = (sys.argv[4], int(sys.argv[5])), (sys.argv[6], int(sys.argv[7]))
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    for number, datagram in enumerate(datagrams(count, identifier, service, backend)):
        sender.sendto(datagram, (GROUP, PORT))
        if number % 16 == 15:
            time.sleep(0.002)  # the daemon's socket holds few of them


main()
