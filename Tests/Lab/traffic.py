"""Traffic for the lab's scenarios: `traffic.py VERB ARGUMENT...`, run inside a namespace. Every verb goes on until it is ended."""

import selectors
import socket
import struct
import sys
import time

RESET = struct.pack("ii", 1, 0)


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(*ports):
    """Echoes on TCP and UDP ports of all addresses: PORT for both, tcp:PORT or udp:PORT for one."""
    selector = selectors.DefaultSelector()
    for word in ports:
        kind, _, port = word.rpartition(":")
        if kind in ("", "tcp"):
            listener = socket.create_server(("", int(port)), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024)
            selector.register(listener, selectors.EVENT_READ, "accept")
        if kind in ("", "udp"):
            receiver = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            receiver.bind(("", int(port)))
            selector.register(receiver, selectors.EVENT_READ, "datagram")
    while True:
        for key, _ in selector.select():
            if key.data == "accept":
                selector.register(key.fileobj.accept()[0], selectors.EVENT_READ, "stream")
            elif key.data == "datagram":
                data, sender = key.fileobj.recvfrom(2048)
                key.fileobj.sendto(data, sender)
            else:
                echo(selector, key.fileobj)


def echo(selector, stream):
    try:
        data = stream.recv(2048)
        if data:
            stream.send(data)
            return
    except OSError:
        pass
    selector.unregister(stream)
    stream.close()


def sink(port):
    """Takes datagrams and never answers, as a syslog server."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("", int(port)))
    while True:
        receiver.recv(2048)


def hold(address, port, count):
    """Opens connections and keeps them, answered or not."""
    held = []
    for _ in range(int(count)):
        connection = socket.socket(family(address))
        connection.setblocking(False)
        connection.connect_ex((address, int(port)))
        held.append(connection)
        time.sleep(0.02)
    time.sleep(3600)


def talk(address, port, count):
    """Opens connections and sends on each of them four times a second, whatever comes back."""
    streams = [socket.create_connection((address, int(port)), 5) for _ in range(int(count))]
    while True:
        for stream in streams:
            try:
                stream.send(b"x")
            except OSError:
                pass
        time.sleep(0.25)


def retry(address, port, source):
    """Connects from one source port again and again, as a client whose library fixes its port."""
    while True:
        stream = socket.socket(family(address))
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        stream.bind(("", int(source)))
        stream.settimeout(0.4)
        try:
            stream.connect((address, int(port)))
        except OSError:
            pass
        stream.close()
        time.sleep(0.1)


def browse(address, port, pause):
    """Short connections one after the other: ask, be answered, close."""
    while True:
        try:
            with socket.create_connection((address, int(port)), 1) as stream:
                stream.send(b"GET\n")
                stream.recv(64)
        except OSError:
            pass
        time.sleep(float(pause))


def reset(address, port, pause):
    """Short connections that end with a reset."""
    while True:
        try:
            with socket.create_connection((address, int(port)), 1) as stream:
                stream.send(b"GET\n")
                stream.recv(64)
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        except OSError:
            pass
        time.sleep(float(pause))


def send(address, port, count, pause):
    """Datagrams from that many sockets, each of one source port, whatever comes back."""
    senders = []
    for _ in range(int(count)):
        sender = socket.socket(family(address), socket.SOCK_DGRAM)
        sender.setblocking(False)
        senders.append(sender)
    while True:
        for sender in senders:
            try:
                sender.sendto(b"question", (address, int(port)))
            except OSError:
                pass
            try:
                sender.recv(64)
            except OSError:
                pass
        time.sleep(float(pause))


def spray(address, port, count):
    """One datagram from each of that many source ports, then nothing."""
    for source in range(20_000, 20_000 + int(count)):
        with socket.socket(family(address), socket.SOCK_DGRAM) as sender:
            sender.bind(("", source))
            try:
                sender.sendto(b"x", (address, int(port)))
            except OSError:
                pass
    time.sleep(3600)


if __name__ == "__main__":
    {name: verb for name, verb in globals().items() if callable(verb)}[sys.argv[1]](*sys.argv[2:])
