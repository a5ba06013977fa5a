"""IPVS in the guest kernel: runs guest_*.py inside it and takes over their verdict. Without the guest kernel, in CI, it fails."""

import os
import shutil
import subprocess
import tempfile
import unittest

import round_trip

HERE = os.path.dirname(os.path.realpath(__file__))
LAB = os.path.join(HERE, "..", "Lab")


class Guest(unittest.TestCase):
    LAUNCHER, NEEDS = "uml", "linux.uml"
    STOPS_ITS_CLOCK = True

    def setUp(self):
        if not shutil.which(self.NEEDS):
            message = f"NO GUEST KERNEL: IPVS stays untested. {self.NEEDS} is missing: make setup"
            if os.environ.get("CI"):
                self.fail(message)
            self.skipTest(message)

    def run_in_guest(self, scenario, places=(), **environment):
        """Runs a scenario's checks, and compares what the live commands say of its places with what its files say."""
        with tempfile.TemporaryDirectory() as kept:
            if places and self.STOPS_ITS_CLOCK:
                environment["ROUND_TRIP"] = kept
            result = subprocess.run(
                [os.path.join(LAB, self.LAUNCHER), os.path.join(HERE, "guest.sh"), scenario], capture_output=True, text=True, env={**os.environ, **environment})
            print(result.stdout, flush=True)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            for place in places if self.STOPS_ITS_CLOCK else ():
                with self.subTest("live output and that of files", place=place):
                    self.assertEqual("\n".join(round_trip.problems(os.path.join(kept, place))), "")

    def test_the_storys_node(self):
        self.run_in_guest("dns-node", ["host", "all"])

    def test_direct_routing_tunnel_local_mark_and_persistence(self):
        self.run_in_guest("forwarding", ["host"])

    def test_services_of_every_kind_and_the_nodes_other_facts(self):
        self.run_in_guest("services", ["host"])

    def test_connections_of_another_director(self):
        self.run_in_guest("sync", ["host"])

    def test_two_nodes_read_together(self):
        self.run_in_guest("two-nodes", ["well", "before_node", "in_pod", "on_return"])

    def test_nothing_that_is_asked_of_ipvs_changes_it(self):
        self.run_in_guest("reads-only")

    def test_a_watch_follows_ipvs(self):
        self.run_in_guest("watch")

    def test_a_watch_outlives_the_modules(self):
        self.run_in_guest("module-removed")

    def test_without_ip_vs_nothing_is_loaded(self):
        self.run_in_guest("absent", ["host"], MODULES="nf_conntrack_netlink nf_nat veth dummy")

    def test_without_conntrack_netlink_nothing_is_loaded(self):
        self.run_in_guest("no-netlink", ["host"], MODULES="ip_vs ip_vs_rr veth dummy")


if __name__ == "__main__":
    unittest.main()
