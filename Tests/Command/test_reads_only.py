"""kstate changes nothing: what each command asks the kernel for and which files it opens, as strace sees it."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import reads_only

KSTATE = os.environ["KSTATE"]
NETNS = f"kstate-reads-only-{os.getpid()}"
CLIENT = 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.2", 53))'

INSIDE = ["ip", "netns", "exec", NETNS]


class ReadsOnly(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """A namespace of our own, with an entry to read."""
        subprocess.run(["ip", "netns", "add", NETNS], check=True)
        cls.addClassCleanup(subprocess.run, ["ip", "netns", "del", NETNS], check=True)
        subprocess.run(["ip", "-n", NETNS, "link", "set", "lo", "up"], check=True)
        subprocess.run([*INSIDE, "iptables-legacy", "-A", "OUTPUT", "-m", "conntrack", "--ctstate", "NEW", "-j", "ACCEPT"], check=True)

    def setUp(self):
        subprocess.run([*INSIDE, "python3", "-c", CLIENT], check=True)

    def check(self, *command, **options):
        return reads_only.check(self, *command, inside=INSIDE, **options)

    def test_conn(self):
        for arguments in ([], ["--all-netns"], ["--kernel-filter", "always", "--unreplied"], ["--dying"]):
            requests = self.check(KSTATE, "conn", "-o", "json", *arguments)
            self.assertGreaterEqual(len(requests), 1, f"strace saw no request of conn {arguments}")

    def test_a_watch(self):
        self.check(KSTATE, "conn", "--watch", "-o", "jsonl", enough=reads_only.has_watched)

    def test_service_and_doctor(self):
        for arguments in (["service"], ["doctor", "--samples", "1"]):
            requests = self.check(KSTATE, *arguments)
            self.assertTrue(any("CT_GET" in kind for kind in requests) and any("RTM_GET" in kind for kind in requests), requests)

    def test_snapshot_save(self):
        with tempfile.TemporaryDirectory() as directory:
            file, partial = os.path.join(directory, "saved"), os.path.join(directory, ".saved.partial")
            requests = self.check(KSTATE, "snapshot", "save", file, own_file=partial)
            self.assertTrue(os.path.exists(file))
        self.assertTrue(any("CT_GET" in kind for kind in requests) and any("RTM_GET" in kind for kind in requests), requests)

    def test_a_change_is_seen(self):
        for command in (["ip", "link", "set", "lo", "mtu", "65000"], ["sh", "-c", "echo 1 > /proc/self/oom_score_adj"], ["conntrack", "-F"]):
            self.assertNotEqual(reads_only.changes(self, *command, inside=INSIDE)[1], [], command)


if __name__ == "__main__":
    unittest.main()
