"""protocol_traffic.py serve|ask - the two ends of protocols.sh: TCP, UDP, UDP-Lite, SCTP, GRE and ICMP over both families.

Each says in a line when it is ready, or has got its answers. SCTP and GRE are raw packets, for a kernel need not speak them itself; an SCTP end answers an INIT with an INIT ACK."""

import socket
import struct
import subprocess
import sys
import threading
import time

GRE, SCTP, UDPLITE = 47, 132, 136
SERVICES = {socket.AF_INET: "10.96.0.9", socket.AF_INET6: "fd00:96::9"}
ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}
INIT, INIT_ACK = 1, 2


def crc32c(data):
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (0x82F63B78 if remainder & 1 else 0)
    return remainder ^ 0xFFFFFFFF


def sctp_packet(source, destination, tag, kind):
    """One SCTP packet with an INIT or INIT ACK: initiate tag 7, window 65,535, one stream each way, first number 1."""
    chunk = struct.pack(">BBHIIHHI", kind, 0, 20, 7, 65535, 1, 1, 1)
    header = struct.pack(">HHI", source, destination, tag)
    checksum = struct.pack("<I", crc32c(header + bytes(4) + chunk))
    return header + checksum + chunk


def payload_of(family, packet):
    """What follows the IP header, which a raw socket shows for IPv4 only."""
    return packet[(packet[0] & 15) * 4 :] if family == socket.AF_INET else packet


def answer_sctp(end, family):
    while True:
        packet, sender = end.recvfrom(2048)
        header = payload_of(family, packet)
        source, destination = struct.unpack_from(">HH", header)
        if destination == 9000 and header[12] == INIT:
            end.sendto(sctp_packet(destination, source, 7, INIT_ACK), (sender[0], 0))


def answer_datagrams(end):
    while True:
        datagram, sender = end.recvfrom(2048)
        end.sendto(datagram, sender)


def hold_streams(listener):
    held = []
    while True:
        held.append(listener.accept())


def datagram_end(family, protocol):
    end = socket.socket(family, socket.SOCK_DGRAM, protocol)
    if family == socket.AF_INET6:
        end.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    end.bind((ANY[family], 9000))
    return end


def serve():
    for family in SERVICES:
        ends = [(answer_sctp, socket.socket(family, socket.SOCK_RAW, SCTP), family)]
        ends += [(answer_datagrams, datagram_end(family, protocol)) for protocol in (socket.IPPROTO_UDP, UDPLITE)]
        ends += [(hold_streams, socket.create_server((ANY[family], port), family=family)) for port in (21, 9000)]
        for answer, *arguments in ends:
            threading.Thread(target=answer, args=arguments).start()
    print("ready", flush=True)


def ask():
    held = []
    for family, service in SERVICES.items():
        for port in (21, 9000):
            held.append(socket.create_connection((service, port), 5))
        for protocol in (socket.IPPROTO_UDP, UDPLITE):
            end = socket.socket(family, socket.SOCK_DGRAM, protocol)
            held.append(end)
            end.settimeout(30)
            end.connect((service, 9000))
            for _ in range(2):
                end.send(b"question")
                end.recv(64)
        with socket.socket(family, socket.SOCK_RAW, SCTP) as end:
            for port in (9000, 9001):  # the second gets no answer
                end.sendto(sctp_packet(40000, port, 0, INIT), (service, 0))
        with socket.socket(family, socket.SOCK_RAW, GRE) as end:
            end.sendto(struct.pack(">HH", 0, 0x0800) + bytes(20), (service, 0))
        subprocess.run(["ping", "-c", "1", "-W", "2", service], check=True, stdout=subprocess.DEVNULL)
    print("asked", flush=True)
    time.sleep(600)


serve() if sys.argv[1] == "serve" else ask()
