"""A node's facts on this machine's kernel, in namespaces of the tests' own, against ip, bridge, sysctl and conntrack -S. Needs root."""

import random
import subprocess
import unittest

import comparison
import facts
from test_conntrack import LAB, NamespaceTest, sh


class Network(NamespaceTest):
    def setUp(self):
        super().setUp()
        sh(f"bash {LAB}/network.sh {self.netns}")

    def test_links_and_addresses(self):
        interfaces = facts.compare_interfaces(self, self.netns)
        overlay = interfaces["vx0"]
        self.assertEqual((overlay["port"], overlay["vni"], overlay["local"]), (8472, 4096, "10.1.0.1"))
        self.assertEqual(overlay["lower"], interfaces["ve0"]["index"])
        self.assertEqual(interfaces["vx6"]["remote"], "fd01::9")

    def test_routes_of_every_table(self):
        routes = facts.compare_routes(self, self.netns)
        self.assertEqual(sum(route[0] == "0.0.0.0/0" for route in routes), 2)
        self.assertTrue(any(route[4] == 1000 for route in routes))

    def test_ways_to_addresses(self):
        known = ["10.1.0.1", "10.1.0.77", "10.1.0.255", "10.5.0.2", "10.66.1.1", "10.67.1.1", "10.7.0.1", "8.8.8.8", "127.0.0.1",
                 "fd01::1", "fd01::77", "fd77::5", "fd78::5", "fd99::1", "10.244.1.9"]
        choose = random.Random(1)
        chance = [f"10.{choose.choice((1, 5, 7, 66, 67, 244))}.{choose.randrange(3)}.{choose.randrange(256)}" for _ in range(200)]
        facts.compare_paths(self, known + chance, self.netns)
        (way,), = facts.paths(["10.244.1.9"], self.netns).values()
        self.assertEqual(way["outer"], {"destination": "10.1.0.4", "source": "10.1.0.1", "port": 8472, "vni": 4096, "interface": "ve0"})

    def test_neighbours_and_forwarding_databases(self):
        neighbours = facts.compare_neighbours(self, self.netns)
        self.assertIn("10.1.0.4", [destination for *_, destination in neighbours])

    def test_settings(self):
        facts.every_setting(self, self.netns)
        settings = facts.compare_settings(self, self.netns)
        self.assertIn("net.ipv4.conf.ve1/7.rp_filter", settings)

    def test_statistics(self):
        self.inside("iptables-legacy -A INPUT -m conntrack --ctstate INVALID -j DROP; sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0")
        script = ("import socket, struct; s = socket.socket(2, socket.SOCK_RAW, 6); "
                  "[s.sendto(struct.pack('>HHIIBBHHH', 4000, 4001, 1, 1, 0x50, 0x10, 1024, 0, 0), ('127.0.0.1', 0)) for _ in range(3)]")
        comparison.run("python3", "-c", script, netns=self.netns)
        statistics = facts.compare_statistics(self, self.netns)
        self.assertGreaterEqual(sum(cpu["invalid"] for cpu in statistics), 3)

    def test_ten_thousand_routes(self):
        rules = "".join(f"route add 10.{128 + number // 5000}.{number // 20 % 250}.{number % 20 * 4}/30 dev ve0\n" for number in range(10_000))
        subprocess.run(["ip", "-n", self.netns, "-batch", "-"], input=rules, text=True, check=True)
        self.assertGreater(len(facts.compare_routes(self, self.netns)), 10_000)


class Resolver(NamespaceTest):
    def held(self, script):
        """A process that runs `script` in the namespace and then waits, gone with the test."""
        ready = f"{script}\nprint(flush=True)\nimport time; time.sleep(600)"
        process = subprocess.Popen(["ip", "netns", "exec", self.netns, "python3", "-c", ready], stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdout.readline()
        return process

    def directory(self, path):
        sh(f"mkdir -p {path}/etc")
        self.addCleanup(sh, f"rm -rf {path}")
        return path

    def of_process(self, root):
        process = self.held(f"import os, time; os.chroot('{root}')")
        return facts.facts(str(process.pid))

    def test_a_named_namespaces_own(self):
        sh(f"mkdir -p /etc/netns/{self.netns}; echo nameserver 10.96.0.10 > /etc/netns/{self.netns}/resolv.conf")
        self.addCleanup(sh, f"rm -rf /etc/netns/{self.netns}")
        self.assertEqual(facts.facts(self.netns)["resolver"], ["nameserver 10.96.0.10\n"])
        process = self.held("")
        self.assertEqual(facts.facts(str(process.pid))["resolver"], ["nameserver 10.96.0.10\n"])

    def test_without_one_of_its_own_the_machines(self):
        with open("/etc/resolv.conf") as file:
            self.assertEqual(facts.facts(self.netns)["resolver"], [file.read()])

    def test_a_containers_through_its_own_root(self):
        root = self.directory(f"/run/{self.netns}-root")
        sh(f"mkdir -p {root}/run; echo nameserver 10.0.0.53 > {root}/run/real.conf; ln -s /run/real.conf {root}/etc/resolv.conf")
        self.assertEqual(self.of_process(root)["resolver"], ["nameserver 10.0.0.53\n"])

    def test_what_is_no_file_is_told_and_not_waited_for(self):
        root = self.directory(f"/run/{self.netns}-root")
        sh(f"mkfifo {root}/etc/resolv.conf")
        found = self.of_process(root)
        self.assertNotIn("resolver", found)
        self.assertTrue(any("resolv.conf" in problem for problem in found["problem"]))


if __name__ == "__main__":
    unittest.main()
