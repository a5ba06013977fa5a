"""IPVS in the guest kernel: runs guest_*.py inside it and takes over their verdict. Without the guest kernel, in CI, it fails."""

import os
import shutil
import subprocess
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
LAB = os.path.join(HERE, "..", "Lab")


class Guest(unittest.TestCase):
    LAUNCHER, NEEDS = "uml", "linux.uml"

    def setUp(self):
        if not shutil.which(self.NEEDS):
            message = f"NO GUEST KERNEL: IPVS stays untested. {self.NEEDS} is missing: make setup"
            if os.environ.get("CI"):
                self.fail(message)
            self.skipTest(message)

    def run_in_guest(self, scenario, **environment):
        result = subprocess.run(
            [os.path.join(LAB, self.LAUNCHER), os.path.join(HERE, "guest.sh"), scenario], capture_output=True, text=True, env={**os.environ, **environment})
        print(result.stdout, flush=True)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_the_storys_node(self):
        self.run_in_guest("dns-node")

    def test_direct_routing_tunnel_local_mark_and_persistence(self):
        self.run_in_guest("forwarding")

    def test_services_of_every_kind_and_the_nodes_other_facts(self):
        self.run_in_guest("services")

    def test_connections_of_another_director(self):
        self.run_in_guest("sync")

    def test_two_nodes_read_together(self):
        self.run_in_guest("two-nodes")

    def test_nothing_that_is_asked_of_ipvs_changes_it(self):
        self.run_in_guest("reads-only")

    def test_a_watch_follows_ipvs(self):
        self.run_in_guest("watch")

    def test_a_watch_outlives_the_modules(self):
        self.run_in_guest("module-removed")

    def test_without_ip_vs_nothing_is_loaded(self):
        self.run_in_guest("absent", MODULES="nf_conntrack_netlink nf_nat veth dummy")

    def test_without_conntrack_netlink_nothing_is_loaded(self):
        self.run_in_guest("no-netlink", MODULES="ip_vs ip_vs_rr veth dummy")


if __name__ == "__main__":
    unittest.main()
