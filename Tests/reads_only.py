"""What a command asks the kernel for and which files it opens, as strace sees it, for tests that hold it to reading alone."""

import re
import subprocess
import tempfile
import time

from bounded import bound

# Whatever sends, writes by other means than a file's descriptor, or changes a table through a socket option.
CALLS = ("sendto,sendmsg,sendmmsg,open,openat,openat2,creat,setsockopt,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,"
         "truncate,mount,umount2,init_module,finit_module,delete_module,bpf,connect")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")
# A message of generic netlink shows its header in hexadecimal, of which the first byte is the command.
MESSAGE = re.compile(r"\{nlmsg_len=\d+, nlmsg_type=([^,]+), nlmsg_flags=([^,}]+)[^}]*\}(?:, \"\\x(..))?")
# strace names the messages of sockets of its own namespace alone; of another's it gives the number: ctnetlink's, 1 << 8 | message.
READS = (r"^(NFNL_SUBSYS_CTNETLINK<<8\|IPCTNL_MSG_CT_GET(_STATS|_STATS_CPU|_DYING|_UNCONFIRMED)?|0x10[14567] .*"
         r"|RTM_GET(LINK|ADDR|ROUTE|RULE|NEIGH|NEXTHOP|QDISC))$")
# The commands of linux/genetlink.h and linux/ip_vs.h that read.
GENERIC_READS = {"nlctrl": {3: "CTRL_CMD_GETFAMILY"}, "IPVS": {
    4: "IPVS_CMD_GET_SERVICE", 8: "IPVS_CMD_GET_DEST", 11: "IPVS_CMD_GET_DAEMON", 13: "IPVS_CMD_GET_CONFIG", 15: "IPVS_CMD_GET_INFO"}}
PLAIN_FLAGS = {"NLM_F_REQUEST", "NLM_F_DUMP", "0x300"}


def calls(test, *command, inside=(), enough=None):
    """The calls of `command`, each a name and its arguments as strace, started by `inside`, writes them. A command that goes on by itself
    is left alone, as a reader that closes its pipe does, once `enough` is true of the calls."""
    def found():
        trace.seek(0)
        return [match.groups() for match in map(CALL.match, trace) if match]
    with tempfile.NamedTemporaryFile("r") as trace, tempfile.TemporaryFile("w+") as errors:
        process = bound(test, subprocess.Popen(
            [*inside, "strace", "-f", "-qq", "-e", "signal=none", "-e", f"trace={CALLS}", "-o", trace.name, *command],
            stdout=subprocess.PIPE if enough else subprocess.DEVNULL, stderr=errors, text=True))
        if enough:
            while process.poll() is None and not enough(found()):
                time.sleep(0.1)
            process.stdout.close()
        process.wait()
        errors.seek(0)
        test.assertIn(process.returncode, (0, 3), errors.read())
        return found()


def changes(test, *command, own_file=None, **options):
    """The calls of `command` that are no reading request and no opening for reading, but of `own_file`; and the requests, those of
    generic netlink by their command."""
    requests, changed = [], []
    for name, arguments in calls(test, *command, **options):
        if name.startswith("send"):
            messages = MESSAGE.findall(arguments)
            kinds = [GENERIC_READS[kind].get(int(number or "0", 16), f"{kind} {number}") if kind in GENERIC_READS else kind for kind, _, number in messages]
            requests += kinds
            # Not one that strace decodes: not one that is known to read.
            harmless = len(messages) == 1 and set(messages[0][1].split("|")) <= PLAIN_FLAGS and (
                kinds[0] in GENERIC_READS.get(messages[0][0], {}).values() or re.match(READS, kinds[0]))
        elif name == "openat":
            harmless = "O_RDONLY" in arguments or own_file is not None and f'"{own_file}"' in arguments
        elif name == "setsockopt":
            harmless = re.match(r"\d+, SOL_(SOCKET|NETLINK), ", arguments)
        else:
            harmless = name == "rename" and f'"{own_file}"' in arguments
        if not harmless:
            changed.append(f"{name}({arguments}")
    return requests, changed


def has_watched(calls):
    """Whether a watch has read the conntrack table, and asked for an entry over the socket that it has for that: then come the same again."""
    return len({arguments.partition(",")[0] for name, arguments in calls if name.startswith("send") and "IPCTNL_MSG_CT_GET," in arguments}) > 1


def check(test, *command, **options):
    """Fails where `command` changes anything. Gives its requests."""
    requests, changed = changes(test, *command, **options)
    test.assertEqual(changed, [])
    return requests
