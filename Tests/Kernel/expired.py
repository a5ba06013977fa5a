"""A small table in which every other entry has expired: the kernel removes those when somebody reads on, and none of the others may be
missed meanwhile."""

import subprocess
import time

import comparison


def check(test, netns):
    """Fills a namespace's table three times, and looks at it once each time: a second look finds nothing to remove any more."""
    for attempt in range(3):
        living = fill(netns, attempt)
        time.sleep(1.5)
        found = comparison.kstate("--table", "conntrack", "--columns", "client", "--no-header", netns=netns).split()
        test.assertEqual(sorted(found), sorted(living))


def fill(netns, attempt):
    """Sixty entries of clients of their own, half of which live for a second; the others' clients."""
    clients = [f"10.{attempt}.7.{number}" for number in range(60)]
    lines = [
        f"-A -p udp -s {client} -d 10.9.9.9 --sport 1000 --dport 53 -r 10.9.9.9 -q {client} --reply-port-src 53 --reply-port-dst 1000 -t {time}"
        for client, time in zip(clients, [1, 600] * 30)]
    subprocess.run(["ip", "netns", "exec", netns, "conntrack", "-F"], check=True, capture_output=True)
    subprocess.run(["ip", "netns", "exec", netns, "conntrack", "-R", "/proc/self/fd/0"], input="\n".join(lines) + "\n", text=True, check=True, capture_output=True)
    return [f"{client}:1000" for client in clients[1::2]]
