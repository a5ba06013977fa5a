#!/usr/bin/env python3
"""conntrack_dump.py FILE - captures a dump of the conntrack table of the namespace that it runs in: each datagram as the kernel
sent it, after its length as 32 bits, little-endian. Needs root. What else reads a raw dump imports datagrams() or messages()."""

import socket
import struct
import sys

NETLINK_NETFILTER = 12
NLMSG_ERROR, NLMSG_DONE = 2, 3


def datagrams():
    """The datagrams of one dump of every family, with the one that ends it."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as asking:
        asking.bind((0, 0))
        # IPCTNL_MSG_CT_GET as NLM_F_REQUEST | NLM_F_DUMP
        asking.send(struct.pack("=IHHII4B", 20, 0x101, 0x301, 1, 0, 0, 0, 0, 0))
        while True:
            datagram = asking.recv(1 << 17)
            yield datagram
            if any(kind == NLMSG_DONE for kind, _ in split(datagram)):
                return


def split(datagram):
    """A datagram's messages, each as its type and its bytes."""
    offset = 0
    while offset < len(datagram):
        length, kind = struct.unpack_from("=IH", datagram, offset)
        if kind == NLMSG_ERROR:
            raise OSError("the kernel refused the dump")
        yield kind, datagram[offset : offset + length]
        offset += (length + 3) & ~3


def messages():
    """The entries' messages of one dump."""
    for datagram in datagrams():
        for kind, message in split(datagram):
            if kind != NLMSG_DONE:
                yield message


def main():
    with open(sys.argv[1], "wb") as file:
        for datagram in datagrams():
            file.write(struct.pack("<I", len(datagram)) + datagram)


if __name__ == "__main__":
    main()
