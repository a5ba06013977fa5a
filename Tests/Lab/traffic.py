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


def talk(address, port, count, source=0):
    """Opens connections and sends on each of them four times a second, whatever comes back."""
    streams = [socket.create_connection((address, int(port)), 5, ("", int(source))) for _ in range(int(count))]
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


def twice(source, first, second, port):
    """Connects from one source port to two addresses and keeps both."""
    held = []
    for address in (first, second):
        stream = socket.socket()
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stream.bind(("", int(source)))
        stream.setblocking(False)
        stream.connect_ex((address, int(port)))
        held.append(stream)
        time.sleep(0.5)
    time.sleep(3600)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def late(address, port, client, client_port, pause):
    """Segments of a connection, far out of its window, as they come when something held them back."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    ends = socket.inet_aton(address) + socket.inet_aton(client)
    sequence = 1
    while True:
        sequence = (sequence * 1103515245 + 12345) & 0xFFFFFFFF
        segment = struct.pack("!HHIIBBHHH", int(port), int(client_port), sequence, sequence ^ 0x55555555, 5 << 4, 0x10, 512, 0, 0)
        total = checksum(ends + struct.pack("!HH", socket.IPPROTO_TCP, len(segment)) + segment)
        sender.sendto(segment[:16] + struct.pack("!H", total) + segment[18:], (client, 0))
        time.sleep(float(pause))


class Queue:
    """A netfilter queue, over plain netlink: packets wait in it."""

    def __init__(self, number):
        self.number = int(number)
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((0, 0))
        self.ask(2, 1, struct.pack("!BBH", 1, 0, 0))  # bind
        self.ask(2, 2, struct.pack("!IB", 0, 1))  # copy nothing but the packet's number

    def ask(self, message, attribute, payload):
        padded = payload + bytes(-len(payload) % 4)
        body = struct.pack("BB", 0, 0) + struct.pack("!H", self.number) + struct.pack("HH", 4 + len(payload), attribute) + padded
        self.socket.send(struct.pack("IHHII", 16 + len(body), 3 << 8 | message, 1, 0, 0) + body)

    def packets(self):
        """The numbers of the packets that have come."""
        data = self.socket.recv(65536)
        while len(data) >= 16:
            length, kind = struct.unpack_from("IH", data)
            if kind == 3 << 8:
                yield struct.unpack_from("!I", data, 24)[0]
            data = data[length + (-length % 4):]


def hold_queue(number):
    """Takes packets from the queue and never lets them go."""
    queue = Queue(number)
    while True:
        for _ in queue.packets():
            pass


if __name__ == "__main__":
    {name: verb for name, verb in globals().items() if callable(verb)}[sys.argv[1]](*sys.argv[2:])
