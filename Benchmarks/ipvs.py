"""Inside the guest: the IPVS table against `dd bs=4k` of its proc file and `ipvsadm -lnc`. See ipvs.sh."""

import socket
import struct
import sys

from measure import KSTATE, RUNS, compare, line, run, sh

TABLE = "/proc/net/ip_vs_conn"
# Before Linux 6.14 a reading takes time by the square of the table: half a minute for 200,000, and ipvsadm's four times that.
MANY = 100_000
IP_PKTINFO = 8  # which Python 3.11 does not name


def fill(count):
    """A datagram from each of `count` addresses, which are all this host's, to the virtual service."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind(("", 5353))
    for number in range(count):
        source = struct.pack("=i4s4s", 0, struct.pack("!I", 0x0A400000 + number), bytes(4))  # in_pktinfo
        sender.sendmsg([b"x"], [(socket.IPPROTO_IP, IP_PKTINFO, source)], 0, ("10.96.0.10", 53))


def main():
    count = int(sys.argv[1])
    fill(count)
    in_table = int(sh(f"dd if={TABLE} bs=4k status=none | wc -l")) - 1
    read = int(sh(f"{KSTATE} conn --table ipvs --count"))
    twins = int(sh("conntrack -C"))
    if read != in_table or in_table != count:
        sys.exit(f"ipvs: made {count}, the proc file has {in_table}, kstate read {read}")
    ipvs = [KSTATE, "conn", "--table", "ipvs", "--count"]
    runs, warm = (1, False) if count > MANY else (RUNS, True)
    name = f"IPVS, {count:,} connections: conn --table ipvs"
    compare(name, ipvs, "dd bs=4k", ["dd", f"if={TABLE}", "of=/dev/null", "bs=4k"], "1.10", runs, warm)
    compare(name, ipvs, "ipvsadm -lnc", ["ipvsadm", "-lnc"], "0.30", 1, False)
    alone = run(ipvs)
    joined = run([KSTATE, "conn", "--count"])
    few = run([KSTATE, "conn", "--count", "--client", "10.64.0.0/24"])
    line(
        f"IPVS and conntrack joined, {count:,} and {twins:,}", f"{joined.seconds:.3f} s", f"{joined.user:.2f} s",
        f"IPVS alone {alone.seconds:.3f} s, {alone.memory:.0f} MB", f"{joined.seconds / alone.seconds:.2f}", "", f"{joined.memory:.0f} MB")
    if count <= MANY:
        connections, services = [KSTATE, "conn", "-o", "json"], [KSTATE, "service", "-o", "json"]
        compare("service -o json over both tables", services, "conn -o json", connections, "1.25")
        compare("doctor --samples 1 -o json over both", [KSTATE, "doctor", "--samples", "1", "-o", "json"], "service -o json", services, "1.50")
    line(
        "the same, 256 of them asked for: --client 10.64.0.0/24", f"{few.seconds:.3f} s", f"{few.user:.2f} s", "", "", "", f"{few.memory:.0f} MB")


main()
