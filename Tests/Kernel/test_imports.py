"""The texts that conntrack prints in each of its formats, and the kernel's file, against a snapshot of the same table. Needs root."""

import os
import subprocess
import tempfile
import time
import unittest

import imports
from comparison import settled
from test_conntrack import FilledNamespace, LAB, NamespaceTest, sh


class Texts(FilledNamespace):
    def compare(self, folder, netns):
        """Saves the table of a namespace in every way there is, and compares. Gives the number of entries."""
        def save(name, *command):
            path = os.path.join(folder, name)
            with open(path, "w") as file:
                subprocess.run(["ip", "netns", "exec", netns, *command], stdout=file, stderr=subprocess.DEVNULL, check=True)
            return path

        def snapshot(name):
            path = os.path.join(folder, name)
            subprocess.run([imports.KSTATE, "snapshot", "save", "--netns", netns, path], check=True, capture_output=True)
            return path

        start = time.monotonic()
        before = snapshot("before.kstate")
        texts = {form: save(f"conntrack {form}", "conntrack", "-L", *(["-o", form] if form else [])) for form in imports.FORMATS}
        proc = save("nf_conntrack", "cat", "/proc/net/nf_conntrack")
        snapshots = before, snapshot("after.kstate")
        apart = time.monotonic() - start + 2
        counts = {imports.compare_conntrack(self, snapshots, texts[form], carried, apart, knows_icmp="xml" not in form)
                  for form, carried in imports.FORMATS.items()}
        counts.add(imports.compare_conntrack(self, snapshots, proc, imports.PROC, apart))
        count, = counts
        imported = os.path.join(folder, "imported.kstate")
        result = subprocess.run([imports.KSTATE, "snapshot", "import", *texts.values(), proc, imported], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn(f"{imported}: {count} conntrack entries", result.stdout)
        imports.compare_conntrack(self, snapshots, imported, imports.LINE | {"id"}, apart)
        return count

    def test_random_entries(self):
        self.inside("sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1")
        self.fill(4_000, seed=11)
        with tempfile.TemporaryDirectory() as folder:
            self.assertGreater(self.compare(folder, self.netns), 3_900)

    def test_packets_of_every_protocol(self):
        script = f"""
            source {LAB}/protocols.sh; trap protocols_end EXIT; protocols_begin
            echo $router >&3; read -r _ <&4"""
        ready, given = os.pipe()
        wait, end = os.pipe()
        lab = subprocess.Popen(["bash", "-euc", f"exec 3>&{given} 4<&{wait}; {script}"], pass_fds=(given, wait), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(given)
        os.close(wait)
        try:
            with os.fdopen(ready) as names, tempfile.TemporaryDirectory() as folder:
                self.assertEqual(self.compare(folder, names.readline().strip()), 16)
        finally:
            os.close(end)
            lab.wait()


class Network(NamespaceTest):
    """What ip(8) and bridge(8) print of a namespace with links of many kinds, against a snapshot of it."""

    # As an sos report has them of the host and of a namespace, and a line each.
    HOST = ["ip -o addr", "ip route show table all", "ip -6 route show table all", "ip -s -d link", "ip -d address", "ip -s -s neigh show",
            "ip neigh show nud noarp", "bridge -s -s -d -t fdb show"]
    OTHERS = ["ip -d address show", "ip route show table all", "ip -s -s neigh show", "ip neigh show nud noarp", "bridge fdb"]
    LINES = ["ip -o -d link", "ip -o addr", "ip -o -d route show table all", "ip -o neigh show nud all", "bridge fdb"]

    def setUp(self):
        super().setUp()
        sh(f"bash {LAB}/network.sh {self.netns}")
        self.inside("ip route add 10.99.0.0/24 encap ip id 5 dst 10.1.0.2 dev vx0; ip addr add 10.1.0.8/24 dev ve0 label ve0:1; "
                    "ip -6 route add default via fd01::2; ip -6 route add unreachable fd79::/48; ip link set ve1.7 alias \"the 7: end\"; "
                    "ip neigh add proxy 10.1.0.99 dev ve0; ip neigh add 10.1.0.9 dev ve0 nud failed; ip link add mv0 link ve0 type macvlan; "
                    "bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.1.0.4 port 8000 vni 9; ip route add throw 10.68.0.0/16 table 100")

    def read(self, folder, commands):
        """The facts of the kernel, and those of the texts."""
        texts = []
        for number, command in enumerate(commands):
            texts.append(os.path.join(folder, str(number)))
            with open(texts[-1], "w") as file:
                subprocess.run(["ip", "netns", "exec", self.netns, *command.split()], stdout=file, check=True)
        imported, live = (os.path.join(folder, name) for name in ("imported.kstate", "live.kstate"))
        subprocess.run([imports.KSTATE, "snapshot", "save", "--netns", self.netns, live], capture_output=True, check=True)
        result = subprocess.run([imports.KSTATE, "snapshot", "import", *texts, imported], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        return imports.facts(live), imports.facts(imported)

    def compare(self, commands, *tables):
        with tempfile.TemporaryDirectory() as folder:
            def either(which):
                found = self.read(folder, commands)[which]
                return {table: found[table] for table in tables}
            found = settled(self, lambda: either(1), lambda: either(0))
            self.assertTrue(all(found.values()))
            return found

    def test_the_texts_of_a_report(self):
        found = self.compare(self.HOST, "interfaces", "interface_addresses", "routes", "neighbours")
        self.assertTrue({"veth", "vxlan", "bridge", "macvlan"} <= {row[2] for row in found["interfaces"]})
        self.assertIn("10.1.0.4", {row[4] for row in found["neighbours"]})

    def test_the_texts_of_a_reports_namespace(self):
        self.compare(self.OTHERS, "interfaces", "interface_addresses", "routes", "neighbours")

    def test_a_line_each(self):
        self.compare(self.LINES, "interfaces", "interface_addresses", "routes", "neighbours")

    def test_the_kernels_statistics(self):
        self.inside("iptables-legacy -A INPUT -m conntrack --ctstate INVALID -j DROP; sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0")
        script = ("import socket, struct; s = socket.socket(2, socket.SOCK_RAW, 6); "
                  "[s.sendto(struct.pack('>HHIIBBHHH', 4000, 4001, 1, 1, 0x50, 0x10, 1024, 0, 0), ('127.0.0.1', 0)) for _ in range(3)]")
        subprocess.run(["ip", "netns", "exec", self.netns, "python3", "-c", script], check=True)
        found = self.compare(["cat /proc/net/stat/nf_conntrack"], "conntrack_statistics")
        self.assertGreaterEqual(sum(row[2] for row in found["conntrack_statistics"]), 3)

    def test_the_resolvers_file(self):
        self.compare(["cat /etc/resolv.conf"], "resolvers")


if __name__ == "__main__":
    unittest.main()
