"""What is checked inside the guest of the requests that reach IPVS: they read, and change nothing."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import reads_only
from comparison import KSTATE

EVERYTHING = {"CTRL_CMD_GETFAMILY", "IPVS_CMD_GET_SERVICE", "IPVS_CMD_GET_DEST", "IPVS_CMD_GET_DAEMON", "IPVS_CMD_GET_CONFIG",
              "IPVS_CMD_GET_INFO"}


class ReadsOnly(unittest.TestCase):
    def check(self, *command, **options):
        return set(reads_only.check(self, *command, **options))

    def test_commands(self):
        self.assertLessEqual({"CTRL_CMD_GETFAMILY", "IPVS_CMD_GET_DAEMON"}, self.check(KSTATE, "conn", "-o", "json"))
        for command in (["service", "-o", "json"], ["doctor", "--samples", "1"]):
            self.assertLessEqual({"IPVS_CMD_GET_INFO", "IPVS_CMD_GET_CONFIG", "IPVS_CMD_GET_DAEMON"}, self.check(KSTATE, *command))

    def test_watches(self):
        def has_watched(calls):
            readings = sum(name == "openat" and "ip_vs_conn" in arguments for name, arguments in calls)
            return readings > 2 and reads_only.has_watched(calls)
        for command in ("conn", "service"):
            self.assertIn("IPVS_CMD_GET_DAEMON", self.check(KSTATE, command, "--watch", "-o", "jsonl", enough=has_watched))

    def test_snapshot_save(self):
        with tempfile.TemporaryDirectory(dir="/run") as directory:
            file, partial = os.path.join(directory, "saved"), os.path.join(directory, ".saved.partial")
            self.assertLessEqual(EVERYTHING, self.check(KSTATE, "snapshot", "save", file, own_file=partial))
            self.assertTrue(os.path.exists(file))

    def test_a_change_is_seen(self):
        for command in (["ipvsadm", "-A", "-t", "10.97.0.1:80"], ["ipvsadm", "-D", "-t", "10.97.0.1:80"], ["ipvsadm", "-Z"],
                        ["ipvsadm", "--set", "900", "120", "300"]):
            requests, changed = reads_only.changes(self, *command)
            self.assertTrue(any("nlmsg_type=IPVS" in call for call in changed), (command, requests, changed))
