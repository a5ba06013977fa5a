"""What other tools saved, as the command line recognises, reads and refuses it. No rights and no tables are needed."""

import contextlib
import gzip
import json
import lzma
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import schemas  # noqa: E402

KSTATE = os.environ["KSTATE"]

ENTRY = ("tcp      6 117 SYN_SENT src=10.0.0.1 dst=10.96.0.10 sport={port} dport=9153 [UNREPLIED] src=10.244.0.5 dst=10.0.0.1 "
         "sport=9153 dport={port} mark=0 use=1\n")
ROWS = """IPVS connection entries
pro expire state       source             virtual            destination
TCP 00:57  SYN_RECV    10.0.0.1:1024      10.96.0.10:9153    10.244.0.5:9153
"""
SERVICES = """IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.96.0.10:9153 rr
  -> 10.244.0.5:9153              Masq    1      1          0
"""


def run(*arguments):
    return subprocess.run([KSTATE, *arguments], capture_output=True, text=True)


class Imports(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def test_a_text_is_read_as_a_snapshot_is(self):
        path = self.file("flows", ENTRY.format(port=1024) + ENTRY.format(port=1025))
        result = run("conn", "--from", path, "--port", "9153", "-o", "json")
        self.assertEqual(result.returncode, 0)
        document = json.loads(result.stdout)
        self.assertEqual(document["node"], "flows")
        self.assertEqual([connection["client"]["port"] for connection in document["connections"]], [1024, 1025])
        self.assertTrue(document["tables"]["conntrack"]["complete"])
        self.assertFalse(document["tables"]["ipvs"]["available"])
        self.assertEqual(run("conn", "--from", path, "-o", "conntrack").stdout, ENTRY.format(port=1024) + ENTRY.format(port=1025))

    def test_a_file_of_before_rows_had_an_end_is_read(self):
        snapshot = os.path.join(self.folder, "node.kstate")
        run("snapshot", "import", self.file("rows", ROWS), snapshot)
        before = run("conn", "--from", snapshot, "-o", "jsonl").stdout
        self.assertIn("SYN_RECV", before)
        with open(snapshot, "r+b") as file:
            file.truncate(os.path.getsize(snapshot) - 16)
        with contextlib.closing(sqlite3.connect(snapshot)) as database:
            database.execute("DELETE FROM snapshot WHERE name = 'checksum'")
            for (view,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall():
                database.execute(f"DROP VIEW {view}")
            database.execute("ALTER TABLE ipvs DROP COLUMN ended")
            database.commit()
        self.assertEqual(run("conn", "--from", snapshot, "-o", "jsonl").stdout, before)

    def test_where_services_alone_were_saved_they_are_shown_and_the_rest_is_missed(self):
        path, snapshot = self.file("services", SERVICES), os.path.join(self.folder, "services.kstate")
        self.assertEqual(run("snapshot", "import", path, snapshot).returncode, 0)
        missing = (f"kstate: reading {path}: it holds no conntrack entries; save what conntrack -L prints beside it\n"
                   f"kstate: reading {path}: it holds no IPVS connections; save what ipvsadm -Lnc prints beside it\n")
        for file in (path, snapshot):
            result = run("service", "--from", file, "-o", "json")
            self.assertEqual((result.returncode, result.stderr), (1, missing))
            document = json.loads(result.stdout)
            (service,) = document["services"]
            self.assertEqual([backend["address"] for backend in service["backends"]], ["10.244.0.5"])
            self.assertEqual([table["available"] for table in document["tables"].values()], [False, False])
            self.assertIn("10.96.0.10:9153", run("service", "--from", file).stdout)
            self.assertEqual((run("conn", "--from", file, "-o", "jsonl").stdout, run("conn", "--from", file).returncode), ("", 1))

    def test_the_texts_of_a_node_are_joined(self):
        paths = [self.file("node/flows", ENTRY.format(port=1024)), self.file("node/rows", ROWS), self.file("node/services", SERVICES),
                 self.file("node/notes.md", "# Not a table\n")]
        snapshot = os.path.join(self.folder, "node.kstate")
        result = run("snapshot", "import", *paths[:3], snapshot)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn(f"{paths[1]}: ipvsadm -Lnc: 1 entries\n", result.stdout)
        self.assertIn(f"{snapshot}: 1 conntrack entries, 1 IPVS connections, 1 services", result.stdout)
        for source in (snapshot, os.path.dirname(paths[0])):
            connection, = json.loads(run("conn", "--from", source, "-o", "json").stdout)["connections"]
            self.assertEqual((connection["ipvs"]["state"], connection["ipvs"]["forwarding"]), ("SYN_RECV", "Masq"))
            self.assertEqual(connection["conntrack"]["state"], "SYN_SENT")

    def test_unreadable_lines_are_named_and_the_rest_is_kept(self):
        path = self.file("flows", ENTRY.format(port=1024) + "a \x1b[31mred\x07 line\n" + ENTRY.format(port=99_999) + ENTRY.format(port=1025))
        result = run("conn", "--from", path, "--count")
        self.assertEqual((result.returncode, result.stdout), (1, "2\n"))
        self.assertIn(f"2 lines of {path} could not be read, the first is line 2: a ?[31mred? line", result.stderr)
        snapshot = os.path.join(self.folder, "a.kstate")
        result = run("snapshot", "import", path, snapshot)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"{path}: conntrack -L or /proc/net/nf_conntrack: 2 entries, 2 unreadable lines\n", result.stdout)
        self.assertIn(f"  {path}:2: a \\x1b[31mred\\x07 line\n", result.stdout)
        self.assertIn(f"  {path}:3: tcp ", result.stdout)
        self.assertEqual(run("conn", "--from", snapshot, "--count").stdout, "2\n")
        self.assertEqual(run("conn", "--from", snapshot, "--count").returncode, 1)

    def test_no_more_lines_are_shown_than_help(self):
        path = self.file("flows", ENTRY.format(port=1024) + "rubbish\n" * 1_000)
        lines = run("snapshot", "import", path, os.path.join(self.folder, "a.kstate")).stdout.splitlines()
        self.assertEqual(len(lines), 8)
        self.assertEqual(lines[6], "  and 995 more")

    def test_what_is_no_such_text_is_refused_in_words(self):
        snapshot = os.path.join(self.folder, "a.kstate")
        for name, text in (("empty", ""), ("prose", "It was a dark and stormy night.\n"), ("nothing/here", "\0\0")):
            path = self.file(name, text)
            for given in {path, os.path.dirname(path) if "/" in name else path}:
                result = run("snapshot", "import", given, snapshot)
                self.assertEqual(result.returncode, 1, given)
                self.assertIn(f"reading {given}: ", result.stderr)
                self.assertIn("conntrack -L", result.stderr)
                self.assertEqual(run("conn", "--from", given).returncode, 1)
        self.assertFalse(os.path.exists(snapshot))
        self.assertIn("No such file", run("snapshot", "import", os.path.join(self.folder, "absent"), snapshot).stderr)

    def test_what_is_to_be_read_is_not_written_over(self):
        flows, rows, empty = self.file("flows", ENTRY.format(port=1024)), self.file("rows", ROWS), self.file("empty", "")
        snapshot = os.path.join(self.folder, "a.kstate")
        for arguments in (["import", flows, rows], ["save", rows, "--from", flows]):
            result = run("snapshot", *arguments)
            self.assertEqual(result.returncode, 1)
            self.assertIn(f"writing {rows}: it is there, and no snapshot; give another name", result.stderr)
            with open(rows) as file:
                self.assertEqual(file.read(), ROWS)
        for target in (empty, snapshot, snapshot):
            self.assertEqual(run("snapshot", "import", flows, target).returncode, 0)
        for _ in range(2):
            self.assertEqual(run("snapshot", "save", snapshot, "--from", flows, "--compress").returncode, 0)

    def test_a_packed_file_among_texts_is_named(self):
        for name in ("node/flows.zst", "other/flows.zst"):
            path = self.file(name, "")
            with open(path, "wb") as file:
                file.write(subprocess.run(["zstd", "-qc"], input=ENTRY.format(port=1024).encode(), capture_output=True, check=True).stdout)
        self.file("node/rows", ROWS)
        result = run("conn", "--from", os.path.join(self.folder, "node"), "--count")
        self.assertEqual(result.stdout, "1\n")
        self.assertIn("note: passed over: reading ", result.stderr)
        self.assertIn("it is packed by zstd; give what comes out of this: zstd -dk ", result.stderr)
        result = run("conn", "--from", os.path.join(self.folder, "other"))
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"zstd -dk {path}", result.stderr)
        self.assertIn("it is packed by zstd, and holds no snapshot", run("conn", "--from", path).stderr)
        self.assertIn(f"zstd -dk {path}", run("snapshot", "import", path, os.path.join(self.folder, "a.kstate")).stderr)

    def test_a_node_without_conntrack_among_others_is_named(self):
        self.file("node1/flows", ENTRY.format(port=1024))
        self.file("node2/rows", ROWS)
        nodes = [os.path.join(self.folder, name) for name in ("node1", "node2")]
        for command in ("conn", "service", "doctor"):
            result = run(command, "--from", nodes[0], "--from", nodes[1])
            self.assertIn(f"kstate: node2, host: reading {nodes[1]}: it holds no conntrack entries; save what conntrack -L", result.stderr, command)
            self.assertNotIn("node1, host: reading", result.stderr)
        result = run("conn", "--from", nodes[0], "--from", nodes[1], "-o", "json")
        self.assertEqual(result.returncode, 1)
        self.assertFalse(json.loads(result.stdout)["tables"]["conntrack"]["complete"])

    def test_what_is_given_twice_is_read_once(self):
        flows, snapshot = self.file("flows", ENTRY.format(port=1024)), os.path.join(self.folder, "a.kstate")
        run("snapshot", "import", flows, snapshot)
        for path in (flows, snapshot):
            result = run("conn", "--from", path, "--from", f"{self.folder}/./{os.path.basename(path)}", "--count")
            self.assertEqual((result.returncode, result.stdout), (0, "1\n"))
            self.assertIn("was given before, and is read once", result.stderr)

    def test_a_text_is_no_snapshot_to_tell_of(self):
        path = self.file("node/flows", ENTRY.format(port=1024))
        for given in (path, os.path.dirname(path)):
            result = run("snapshot", "info", given)
            self.assertEqual(result.returncode, 1)
            self.assertIn(f"kstate snapshot import {given} FILE.kstate", result.stderr)

    def test_a_namespace_of_a_report(self):
        self.file("sos/sos_commands/conntrack/conntrack_-L_-o_extended", ENTRY.format(port=1024))
        self.file("sos/sos_commands/networking/ip_netns_exec_red_conntrack_-L", ENTRY.format(port=1025) + ENTRY.format(port=1026))
        self.file("sos/hostname", "node7\n")
        report = os.path.join(self.folder, "sos")
        self.assertEqual(run("conn", "--from", report, "--count").stdout, "3\n")
        document = json.loads(run("conn", "--from", report, "--netns", "red", "-o", "json").stdout)
        self.assertEqual((document["node"], document["namespace"]["name"], len(document["connections"])), ("node7", "red", 2))

    def report(self):
        """An sos report of a node whose backend has left the link, and of a namespace on it. The files are called as sos calls them."""
        networking, inner = "sos/sos_commands/networking", "sos/sos_commands/networking/namespaces/red/ip_netns_exec_red"
        texts = {
            "sos/sos_commands/conntrack/conntrack_-L_-o_extended": "".join("ipv4     2 " + ENTRY.format(port=port) for port in range(1024, 1034)),
            "sos/sos_commands/conntrack/ip_netns_exec_red_conntrack_-L_-o_extended": "ipv4     2 " + ENTRY.format(port=2048),
            "sos/sos_commands/ipvs/ipvsadm_-Ln": SERVICES,
            "sos/sos_commands/ipvs/ipvsadm_-Ln_--connection": ROWS,
            "sos/sos_commands/ipvs/ipvsadm_-Ln_--timeout": "Timeout (tcp tcpfin udp): 600 120 300\n",
            "sos/sos_commands/kernel/sysctl_-a": "net.ipv4.tcp_keepalive_time = 7200\nnet.netfilter.nf_conntrack_count = 262144\n"
                                                 "net.netfilter.nf_conntrack_max = 262144\n",
            "sos/sos_commands/kernel/uname_-a": "Linux node7 5.14.0-427.el9.x86_64 #1 SMP PREEMPT_DYNAMIC x86_64 GNU/Linux\n",
            "sos/sos_commands/host/hostname": "node7\n",
            "sos/sos_commands/date/date_--utc": "Tue Nov 24 15:18:36 UTC 2020\n",
            f"{networking}/ip_-d_address":
                "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n"
                "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0\n    inet 127.0.0.1/8 scope host lo\n"
                "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000\n"
                "    link/ether 52:54:00:00:00:02 brd ff:ff:ff:ff:ff:ff promiscuity 0\n    inet 10.244.0.1/24 scope global eth0\n",
            f"{networking}/ip_route_show_table_all":
                "default via 10.244.0.254 dev eth0 \n10.244.0.0/24 dev eth0 proto kernel scope link src 10.244.0.1 \n"
                "local 10.244.0.1 dev eth0 table local proto kernel scope host src 10.244.0.1 \n",
            f"{networking}/ip_-s_-s_neigh_show": "10.244.0.5 dev eth0  used 10/70/7probes 6 FAILED\n",
            f"{inner}_ip_-d_address_show": "1: lo: <LOOPBACK> mtu 65536 qdisc noop state DOWN group default qlen 1000\n",
            f"{inner}_ip_route_show_table_all": "unreachable 10.244.0.0/24 \n",
        }
        for name, text in texts.items():
            self.file(name, text)
        return os.path.join(self.folder, "sos")

    def findings(self, *sources):
        result = run("doctor", "--from", *sources, "-o", "json")
        return {finding["rule"]: finding for finding in json.loads(result.stdout)["findings"]}

    def test_the_doctor_on_a_report(self):
        report = self.report()
        snapshot = os.path.join(self.folder, "node7.kstate")
        result = run("snapshot", "import", report, snapshot)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        for source in (report, snapshot):
            found = self.findings(source, "--netns", "host")
            self.assertEqual(set(found), {"silent-backend", "table-full", "ipvs-timeout-below-keepalive"})
            self.assertEqual(found["silent-backend"]["cause"], "Nobody answers for 10.244.0.5 on eth0: the pod or its node is gone.")
            self.assertIn("tcpdump -ni eth0 'host 10.244.0.5 and port 9153'", found["silent-backend"]["commands"])
            self.assertIn("after 600 s", found["ipvs-timeout-below-keepalive"]["title"])
            document = json.loads(run("conn", "--from", source, "--netns", "red", "-o", "json").stdout)
            self.assertEqual((document["node"], document["kernel"], document["taken_at"][:19]),
                             ("node7", "5.14.0-427.el9.x86_64", "2020-11-24T15:18:36"))
            self.assertEqual([connection["client"]["port"] for connection in document["connections"]], [2048])

    def test_what_nobody_saved_is_no_finding(self):
        report = self.report()
        for name in ("ip_route_show_table_all", "ip_-d_address", "ip_-s_-s_neigh_show"):
            os.remove(os.path.join(report, "sos_commands/networking", name))
        os.remove(os.path.join(report, "sos_commands/ipvs/ipvsadm_-Ln_--timeout"))
        found = self.findings(report, "--netns", "host")
        self.assertEqual(set(found), {"silent-backend", "table-full"})
        self.assertRegex(found["silent-backend"]["cause"], "^No backend of the service answers")

    def test_connections_alone_tell_nothing_of_services(self):
        self.file("node/flows", ENTRY.format(port=1024))
        self.file("node/rows", ROWS)
        node, snapshot = os.path.join(self.folder, "node"), os.path.join(self.folder, "a.kstate")
        imported = run("snapshot", "import", node, snapshot)
        self.assertEqual(imported.returncode, 0)
        missed = "it holds no IPVS services; save what ipvsadm -Ln prints beside it"
        self.assertIn(missed, imported.stderr)
        for path in (node, snapshot):
            with self.subTest(path):
                self.assertNotIn("draining", self.findings(path))
                result = run("service", "--from", path, "-o", "json")
                self.assertEqual(result.returncode, 0)
                self.assertIn(f"note: reading {node}: {missed}", result.stderr)
                (service,) = json.loads(result.stdout)["services"]
                self.assertEqual([backend["verdict"] for backend in service["backends"]], ["silent"])
                rows = json.loads(run("conn", "--from", path, "-o", "json").stdout)
                self.assertEqual([row["ipvs"]["state"] for row in rows["connections"]], ["SYN_RECV"])
                self.assertTrue(rows["tables"]["ipvs"]["complete"])
        # A table that was saved and has none is another matter.
        self.file("node/services", SERVICES[:SERVICES.index("TCP")])
        self.assertIn("draining", self.findings(node))

    def test_numbers_of_services_alone_are_missed(self):
        numbers = SERVICES[:SERVICES.index("TCP")].replace("Scheduler Flags", "               Conns   InPkts  OutPkts  InBytes OutBytes").replace(
            "Forward Weight ActiveConn InActConn", "")
        text = self.file("numbers", numbers + "TCP  10.96.0.10:9153                    1        1        0       60        0\n")
        result = run("snapshot", "import", text, os.path.join(self.folder, "a.kstate"))
        self.assertIn("it tells numbers of IPVS services, and not how they are configured; save what ipvsadm -Ln prints beside it", result.stderr)

    def test_a_small_file_has_a_size(self):
        flows = self.file("flows", ENTRY.format(port=1024))
        saved = run("snapshot", "save", os.path.join(self.folder, "a.kstate"), "--from", flows, "--compress").stdout
        self.assertRegex(saved, r": 1 conntrack entries, 0 IPVS connections, 0 services, [1-9]\d* kB in ")

    def test_a_pipe_is_named(self):
        pipe = os.path.join(self.folder, "pipe")
        os.mkfifo(pipe)
        for arguments in (["conn", "--from", pipe], ["snapshot", "info", pipe], ["snapshot", "import", pipe, os.path.join(self.folder, "a.kstate")],
                          ["conn", "--from", "/dev/stdin"], ["conn", "--from", "-"]):
            result = subprocess.run([KSTATE, *arguments], input=ENTRY.format(port=1024), capture_output=True, text=True, timeout=20)
            self.assertEqual(result.returncode, 1, arguments)
            self.assertIn("what is in a pipe or a device can be read once only; save it in a file first", result.stderr)

    def test_clocks_are_told_from_connections_that_two_nodes_have(self):
        def node(name, at, left, answers):
            replied = ENTRY.replace("117 SYN_SENT", f"{left} ESTABLISHED").replace("[UNREPLIED] ", "").replace("mark=0", "[ASSURED] mark=0")
            self.file(f"{name}/settings", "net.core.somaxconn = 4096\nnet.netfilter.nf_conntrack_tcp_timeout_established = 432000\n")
            self.file(f"{name}/flows", "".join((replied if answers else replied.replace("10.96.0.10", "10.244.0.5")).format(port=port)
                                               for port in range(1024, 1027)))
            for text in ("settings", "flows"):
                os.utime(os.path.join(self.folder, name, text), (at, at))
            return os.path.join(self.folder, name)
        # The last packet was 10 s before one was saved and 12 s before the other, by its own clock 9 s later.
        nodes = ["--from", node("node1", 1_700_000_000, 431_990, True), "--from", node("node2", 1_700_000_009, 431_988, False)]
        document = json.loads(run("doctor", *nodes, "-o", "json").stdout)
        schemas.validator("kstate.findings-1.schema.json").validate(document)
        self.assertEqual(document["clocks"], [{"node": "node2", "reference": "node1", "ahead_s": 7.0, "precision_s": 1.0, "connections": 3}])
        self.assertIn("Clocks:\n  node2's clock is 7.0 s ahead of node1's, to a second, by 3 connections\n", run("doctor", *nodes).stdout)
        self.assertNotIn("clocks", json.loads(run("doctor", *nodes[:2], "-o", "json").stdout))

    def test_as_many_clients_as_entries_stay_within_the_memory_promised(self):
        line = ENTRY.replace("10.0.0.1", "10.{0}.{1}.{2}").format
        flows = self.file("flows", "".join(line(number >> 16, number >> 8 & 255, number & 255, port=1024) for number in range(400_000)))
        files = [os.path.join(self.folder, name) for name in ("a.kstate", "b.kstate")]
        for arguments in (["import", flows, files[0]], ["save", files[1], "--from", files[0]]):
            # By a small process in between: what a child of this one took begins with this one's own size.
            peak = subprocess.check_output(
                [sys.executable, "-c", "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
                 "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)", KSTATE, "snapshot", *arguments], stderr=subprocess.DEVNULL)
            # 40 MB were seen, and 57 where an address took 24 bytes.
            self.assertLess(int(peak), 48 << 10, arguments)
        self.assertEqual(run("conn", "--from", files[1], "--count").stdout, "400000\n")

    def test_a_packed_text(self):
        text = "".join(ENTRY.format(port=port) for port in range(1024, 4024))
        path = self.file("flows.gz", "")
        whole = gzip.compress(text[:100_000].encode()) + gzip.compress(text[100_000:].encode())
        for content, status, count in ((whole, 0, 3_000), (whole[:-100], 1, None), (whole[:-8] + bytes(8), 1, 3_000)):
            with open(path, "wb") as file:
                file.write(content)
            result = run("conn", "--from", path, "--count")
            self.assertEqual(result.returncode, status, result.stderr)
            self.assertTrue(int(result.stdout) == count or count is None and 0 < int(result.stdout) < 3_000, result.stdout)
            snapshot = os.path.join(self.folder, "a.kstate")
            imported = run("snapshot", "import", path, snapshot)
            self.assertEqual(imported.returncode, status)
            self.assertEqual(run("conn", "--from", snapshot, "--count").stdout, result.stdout)
            if status:
                self.assertRegex(result.stderr, f"{path}: the packed file is (cut short|damaged)")
                self.assertRegex(imported.stdout, f"  {path}: the packed file is (cut short|damaged)")

    def test_archives_name_the_command_that_unpacks_them(self):
        tree = os.path.dirname(self.file("report/conntrack", ENTRY.format(port=1024)))
        for name, command in (("sosreport.tar.xz", "tar -xf"), ("sosreport.tar.gz", "tar -xf"), ("sosreport.tar.bz2", "tar -xf"),
                              ("report.tar", "tar -xf"), ("conntrack.xz", "xz -dk")):
            path = os.path.join(self.folder, name)
            if "tar" in name:
                form = name.rpartition(".")[2]
                with tarfile.open(path, "w:" + (form if form != "tar" else "")) as archive:
                    archive.add(tree)
            else:
                with lzma.open(path, "w") as file:
                    file.write(ENTRY.format(port=1024).encode())
            for arguments in (("conn", "--from", path), ("snapshot", "import", path, os.path.join(self.folder, "a.kstate"))):
                result = run(*arguments)
                self.assertEqual(result.returncode, 1)
                self.assertIn(f"give what comes out of this: {command} {path}\n", result.stderr)

    def test_bad_usage(self):
        self.assertEqual(run("snapshot", "import").returncode, 2)
        self.assertEqual(run("snapshot", "import", "only-one").returncode, 2)


if __name__ == "__main__":
    unittest.main()
