"""Namespaces that come and go under a watch, on this machine's kernel, in namespaces of the tests' own. Needs root."""

import json
import os
import re
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "Lab"))
from bounded import bound
from comparison import KSTATE
from live_terminal import LiveTerminal
from test_conntrack import NamespaceTest, sh


class ComingAndGoing(NamespaceTest):
    def setUp(self):
        super().setUp()
        self.pod = f"{self.netns}-pod"
        self.addCleanup(subprocess.run, ["ip", "netns", "del", self.pod], capture_output=True)

    def begin_pod(self):
        """A namespace behind a link to the test's, with an entry."""
        sh(f"ip netns add {self.pod}; ip link add pod netns {self.netns} type veth peer name eth0 netns {self.pod}; "
           f"ip netns exec {self.pod} conntrack -I -p udp -s 10.1.1.1 -d 10.9.9.9 --sport 1000 --dport 53 -r 10.2.2.2 -q 10.1.1.1 "
           "--reply-port-src 53 --reply-port-dst 1000 -t 600")

    def end_pod(self):
        """Nobody but a watch can hold it any more."""
        sh(f"ip netns del {self.pod}")

    def watch(self, *arguments, command="conn"):
        self.watching = bound(self, subprocess.Popen(
            [KSTATE, command, "--watch", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        self.addCleanup(self.watching.communicate)
        self.addCleanup(self.watching.kill)

    def until(self, event, **fields):
        """The first event of this kind with these fields."""
        for line in self.watching.stdout:
            found = json.loads(line)
            if found["event"] == event and all(self.field(found, name) == value for name, value in fields.items()):
                return found
        self.fail(f"the watch ended: {self.watching.stderr.read()}")

    @staticmethod
    def field(event, name):
        """`a_b` for what b is in a; None where there is nothing of it."""
        for word in name.split("_"):
            event = (event or {}).get(word)
        return event

    def stop(self):
        self.watching.send_signal(signal.SIGINT)
        self.assertEqual(self.watching.wait(60), 0)

    def until_link_is_gone(self):
        """The kernel takes the links of a namespace away when nobody holds it any more."""
        sh(f"for i in $(seq 300); do ip -n {self.netns} link show pod >/dev/null 2>&1 || exit 0; sleep 0.1; done; echo held; exit 1")

    def test_all_there_are(self):
        self.watch("--all-netns", "-o", "jsonl", "--table", "conntrack")
        self.until("resync", namespace_name=self.netns)
        for _ in range(2):
            self.begin_pod()
            come = self.until("new", connection_namespace_name=self.pod)
            self.assertTrue(come["existing"])
            self.assertEqual(come["connection"]["client"], {"address": "10.1.1.1", "port": 1000})
            self.assertTrue(self.until("resync", namespace_name=self.pod)["tables"]["conntrack"]["complete"])
            self.end_pod()
            self.assertEqual(self.until("end", connection_namespace_name=self.pod)["connection"]["client"]["address"], "10.1.1.1")
            gone = self.until("resync", namespace_name=self.pod)["tables"]["conntrack"]
            self.assertFalse(gone["available"])
            self.assertIn("nobody holds it any more", gone["reason"])
            self.until_link_is_gone()
        self.stop()

    def test_one_that_was_asked_for_by_name(self):
        self.begin_pod()
        self.watch("--netns", self.pod, "-o", "jsonl", "--table", "conntrack")
        self.until("resync", tables_conntrack_available=True)
        self.end_pod()
        self.until("end")
        self.until("resync", tables_conntrack_available=False)
        self.until_link_is_gone()
        self.begin_pod()
        self.assertEqual(self.until("new")["connection"]["client"]["address"], "10.1.1.1")
        self.stop()

    def test_the_screen_says_that_one_is_waited_for(self):
        self.begin_pod()
        terminal = LiveTerminal(
            [KSTATE, "conn", "--watch", "--netns", self.pod, "--table", "conntrack"], rows=20, columns=120, environment={"NO_COLOR": "1"})
        self.addCleanup(terminal.close)

        def shows(*patterns):
            return lambda lines: all(re.search(pattern, "\n".join(lines)) for pattern in patterns)
        row = r"10\.1\.1\.1:1000"
        terminal.until_shown(shows(row, f"{self.pod}, Linux"), "the pod's entry")
        self.end_pod()
        terminal.until_shown(shows("no namespace, Linux", f"network namespace {self.pod} is gone, and waited for"), "that it is gone")
        self.until_link_is_gone()
        self.begin_pod()
        terminal.until_shown(shows(row, f"{self.pod}, Linux"), "the pod's entry again")

    def test_many_need_no_more_of_the_screen_than_one(self):
        names = [f"{self.netns}-{number}" for number in range(12)]
        for name in names:
            sh(f"ip netns add {name}")
            self.addCleanup(sh, f"ip netns del {name}")
        terminal = LiveTerminal([KSTATE, "conn", "--watch", "--all-netns"], rows=20, columns=200, environment={"NO_COLOR": "1"})
        self.addCleanup(terminal.close)
        told = terminal.until_shown(lambda lines: re.search(r"conntrack in (\d+) namespaces complete", "\n".join(lines)), "all are read")
        count = re.search(r"conntrack in (\d+) namespaces complete", "\n".join(told))
        self.assertGreater(int(count[1]), len(names))
        heading = next(number for number, line in enumerate(told) if line.startswith("  NAMESPACE"))
        self.assertLess(heading, 8, "\n".join(told))

    def test_a_process_that_another_outlives(self):
        self.begin_pod()
        first, second = (subprocess.Popen(["ip", "netns", "exec", self.pod, "sleep", "600"]) for _ in range(2))
        for process in (first, second):
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
        self.watch("--pid", str(first.pid), "-o", "jsonl", "--table", "conntrack")
        self.until("resync", tables_conntrack_available=True)
        self.end_pod()
        first.kill()
        first.wait()
        # Several looks later it is still followed: by what the second process holds.
        with self.assertRaises(subprocess.TimeoutExpired):
            self.watching.wait(5)
        sh(f"nsenter -n -t {second.pid} conntrack -D -p udp")
        self.until("end")
        second.kill()
        second.wait()
        self.assertEqual(self.watching.wait(60), 1)
        self.assertIn(f"network namespace of pid {first.pid}: nobody holds it any more", self.watching.stderr.read())
        self.until_link_is_gone()

    def test_services_of_one_that_was_asked_for_by_name(self):
        self.begin_pod()
        self.watch("--netns", self.pod, "--interval", "0.2", "-o", "jsonl", "--table", "conntrack", command="service")

        def until(count):
            for line in self.watching.stdout:
                document = json.loads(line)
                self.assertEqual(document["namespace"]["name"], self.pod)
                if len(document["services"]) == count:
                    return document
            self.fail(f"the watch ended: {self.watching.stderr.read()}")
        until(1)
        self.end_pod()
        self.assertIn("nobody holds it any more", until(0)["tables"]["conntrack"]["reason"])
        self.until_link_is_gone()
        self.begin_pod()
        until(1)
        self.stop()

    def test_services_of_all_there_are(self):
        self.watch("--all-netns", "--interval", "0.2", "-o", "jsonl", "--table", "conntrack", command="service")

        def until(is_there):
            for line in self.watching.stdout:
                names = [namespace["name"] for namespace in json.loads(line)["namespaces"]]
                if (self.pod in names) == is_there:
                    return names
            self.fail(f"the watch ended: {self.watching.stderr.read()}")
        before = until(False)
        self.begin_pod()
        self.assertEqual(set(until(True)), {*before, self.pod})
        self.end_pod()
        until(False)
        self.until_link_is_gone()
        self.stop()


if __name__ == "__main__":
    unittest.main()
