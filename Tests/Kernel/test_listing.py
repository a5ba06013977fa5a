"""What a watch says while it still lists a large table, on this machine's kernel. Needs root."""

import json
import os
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
from bounded import bound
from comparison import KSTATE
from test_conntrack import FilledNamespace


class Listing(FilledNamespace):
    def test_what_begins_meanwhile_was_not_there_before(self):
        self.fill(100_000)
        for attempt in range(10):
            found = self.begun_while_listing(f"10.1.1.{attempt}")
            if found:  # else the listing was over already
                self.assertNotIn("existing", found)
                return
        self.fail("no entry could be made while the table was listed")

    def begun_while_listing(self, client):
        """The event of an entry that is made once the first lines have come; None where the whole table was told before it."""
        watch = bound(self, subprocess.Popen(
            [KSTATE, "conn", "--watch", "-o", "jsonl", "--table", "conntrack", "--netns", self.netns], stdout=subprocess.PIPE, text=True))
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        self.assertTrue(json.loads(watch.stdout.readline())["existing"])
        self.inside(f"conntrack -I -p udp -s {client} -d 10.9.9.9 --sport 1000 --dport 53 -r 10.9.9.9 -q {client} "
                    "--reply-port-src 53 --reply-port-dst 1000 -t 600 2>/dev/null")
        found = None
        for line in watch.stdout:
            event = json.loads(line)
            if event["event"] == "resync":
                break
            if event["connection"]["client"]["address"] == client:
                found = event
        watch.send_signal(signal.SIGINT)
        watch.stdout.read()
        self.assertEqual(watch.wait(60), 0)
        return found


if __name__ == "__main__":
    unittest.main()
