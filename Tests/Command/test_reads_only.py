"""kstate changes nothing: what each command asks the kernel for and which files it opens, as strace sees it."""

import os
import re
import subprocess
import tempfile
import unittest

KSTATE = os.environ["KSTATE"]
NETNS = f"kstate-reads-only-{os.getpid()}"
CLIENT = 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.2", 53))'

# Whatever sends, writes by other means than a file's descriptor, or changes a table through a socket option.
CALLS = ("sendto,sendmsg,sendmmsg,open,openat,openat2,creat,setsockopt,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,"
         "truncate,mount,umount2,init_module,finit_module,delete_module,bpf,connect")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")
MESSAGE = re.compile(r"\{nlmsg_len=\d+, nlmsg_type=([^,]+), nlmsg_flags=([^,}]+)")
# strace names the messages of sockets of its own namespace alone; of another's it gives the number: ctnetlink's, 1 << 8 | message.
READS = (r"^(NFNL_SUBSYS_CTNETLINK<<8\|IPCTNL_MSG_CT_GET(_STATS|_STATS_CPU|_DYING|_UNCONFIRMED)?|0x10[14567] .*"
         r"|RTM_GET(LINK|ADDR|ROUTE|RULE|NEIGH|NEXTHOP|QDISC))$")
PLAIN_FLAGS = {"NLM_F_REQUEST", "NLM_F_DUMP", "0x300"}
INSIDE = ["ip", "netns", "exec", NETNS]


class ReadsOnly(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """A namespace of our own, with an entry to read."""
        subprocess.run(["ip", "netns", "add", NETNS], check=True)
        cls.addClassCleanup(subprocess.run, ["ip", "netns", "del", NETNS], check=True)
        subprocess.run(["ip", "-n", NETNS, "link", "set", "lo", "up"], check=True)
        subprocess.run([*INSIDE, "iptables-legacy", "-A", "OUTPUT", "-m", "conntrack", "--ctstate", "NEW", "-j", "ACCEPT"], check=True)
        subprocess.run([*INSIDE, "python3", "-c", CLIENT], check=True)

    def calls(self, *command):
        """The calls of `command` in the namespace, each a name and its arguments as strace writes them."""
        with tempfile.NamedTemporaryFile("r") as trace:
            result = subprocess.run(
                [*INSIDE, "strace", "-f", "-qq", "-e", "signal=none", "-e", f"trace={CALLS}", "-o", trace.name, *command],
                capture_output=True, text=True)
            self.assertIn(result.returncode, (0, 3), result.stderr)
            return [match.groups() for match in map(CALL.match, trace) if match]

    def changes(self, *command, own_file=None):
        """The calls of `command` that are no reading request and no opening for reading, but of `own_file`; and the requests."""
        requests, changes = [], []
        for name, arguments in self.calls(*command):
            if name.startswith("send"):
                messages = MESSAGE.findall(arguments)
                requests += [kind for kind, _ in messages]
                # Not one that strace decodes: not one that is known to read.
                harmless = len(messages) == 1 and all(re.match(READS, kind) and set(flags.split("|")) <= PLAIN_FLAGS for kind, flags in messages)
            elif name == "openat":
                harmless = "O_RDONLY" in arguments or own_file is not None and f'"{own_file}"' in arguments
            elif name == "setsockopt":
                harmless = re.match(r"\d+, SOL_(SOCKET|NETLINK), ", arguments)
            else:
                harmless = name == "rename" and f'"{own_file}"' in arguments
            if not harmless:
                changes.append(f"{name}({arguments}")
        return requests, changes

    def check(self, *command, **options):
        """Fails where `command` changes anything. Gives its requests."""
        requests, changes = self.changes(*command, **options)
        self.assertEqual(changes, [])
        return requests

    def test_conn(self):
        for arguments in ([], ["--all-netns"], ["--kernel-filter", "always", "--unreplied"], ["--dying"]):
            requests = self.check(KSTATE, "conn", "-o", "json", *arguments)
            self.assertGreaterEqual(len(requests), 1, f"strace saw no request of conn {arguments}")

    def test_a_watch(self):
        stopped = ["timeout", "--preserve-status", "--signal=INT", "4"]
        requests = self.check(*stopped, KSTATE, "conn", "--watch", "-o", "jsonl")
        self.assertGreaterEqual(len(requests), 1, "strace saw no request of the watch")

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
            self.assertNotEqual(self.changes(*command)[1], [], command)


if __name__ == "__main__":
    unittest.main()
