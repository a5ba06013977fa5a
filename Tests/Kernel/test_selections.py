"""Kinds of connections that were asked for, on this machine's kernel. Needs root."""

import json
import os
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
from bounded import bound
from comparison import KSTATE
from test_conntrack import NamespaceTest

ENTRY = "-p tcp -s 10.1.1.1 -d 10.9.9.9 --sport 1000 --dport 53"


class NoLongerAskedFor(NamespaceTest):
    def told(self, change, *filters):
        """What a watch tells of an entry that begins unreplied and with mark 1, and is changed, up to its first end."""
        watch = bound(self, subprocess.Popen(
            [KSTATE, "conn", "--watch", "-o", "jsonl", "--table", "conntrack", "--netns", self.netns, *filters],
            stdout=subprocess.PIPE, text=True))
        self.addCleanup(watch.communicate)
        self.addCleanup(watch.kill)
        told = []
        for event in map(json.loads, watch.stdout):
            told.append(event["event"])
            if told == ["resync"]:
                self.inside(f"conntrack -I {ENTRY} -t 600 --state SYN_SENT -m 1 2>/dev/null")
            elif told[-1] == "new":
                self.inside(change)
            elif told[-1] == "end":
                watch.send_signal(signal.SIGINT)
                self.assertEqual(watch.wait(60), 0)
                return told
        self.fail(f"the watch ended: {told}")

    def test_unreplied_ones_end_with_the_reply(self):
        self.assertEqual(self.told(f"conntrack -U {ENTRY} --status SEEN_REPLY", "--unreplied"), ["resync", "new", "end"])

    def test_marked_ones_end_with_another_mark(self):
        self.assertEqual(self.told(f"conntrack -U {ENTRY} -m 2", "--mark", "1"), ["resync", "new", "end"])


class Unconfirmed(NamespaceTest):
    def test_a_list_that_the_kernel_does_not_keep_is_not_called_empty(self):
        found = subprocess.run(
            [KSTATE, "conn", "--unconfirmed", "--count", "--netns", self.netns], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual((found.returncode, found.stdout), (0, "0\n"))
        release = [int(number) for number in os.uname().release.split(".")[:2]]
        self.assertEqual("keep no list of unconfirmed entries" in found.stderr, release >= [5, 19])


if __name__ == "__main__":
    unittest.main()
