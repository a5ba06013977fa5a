"""conntrack on this machine's kernel, in namespaces of the tests' own, against conntrack -L. Needs root."""

import collections
import json
import os
import subprocess
import tempfile
import time
import unittest

import comparison
import expired
import service_comparison

HERE = os.path.dirname(os.path.realpath(__file__))
LAB = os.path.join(HERE, "..", "Lab")
COMPARER = os.path.join(os.path.dirname(comparison.KSTATE), "capture-comparer")
FILLER = os.path.join(os.path.dirname(comparison.KSTATE), "table-filler")


def sh(script, **environment):
    return subprocess.run(["bash", "-euc", script], check=True, capture_output=True, text=True, env={**os.environ, **environment}).stdout


class NamespaceTest(unittest.TestCase):
    """A namespace of its own for each test, gone when it ends."""

    def setUp(self):
        if os.geteuid() != 0:
            self.fail("kernel tests need root: sudo make test")
        self.netns = f"kstate-test-{os.getpid()}"
        sh(f"ip netns add {self.netns}; ip -n {self.netns} link set lo up")
        self.addCleanup(sh, f"ip netns del {self.netns}")

    def inside(self, script):
        return sh(f"ip netns exec {self.netns} bash -euc '{script}'")


class FilledNamespace(NamespaceTest):
    def fill(self, count, seed=1):
        before = subprocess.check_output(["sysctl", "-n", "net.netfilter.nf_conntrack_max"], text=True).strip()
        if int(before) < 2 * count:
            self.addCleanup(sh, f"sysctl -qw net.netfilter.nf_conntrack_max={before}")
            sh(f"sysctl -qw net.netfilter.nf_conntrack_max={2 * count}")
        self.inside(f"{FILLER} {count} {seed} 9153 1")


class SmallTable(NamespaceTest):
    def test_entries_that_have_expired_hide_no_others(self):
        expired.check(self, self.netns)


class RandomEntries(FilledNamespace):
    def test_a_hundred_thousand_entries_field_by_field(self):
        self.fill(100_000)
        self.assertGreater(comparison.compare_conntrack(self, self.netns), 99_000)

    def test_a_hundred_thousand_messages_read_by_both_decoders(self):
        self.inside("sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1")
        self.fill(100_000, seed=3)
        with tempfile.NamedTemporaryFile() as capture:
            self.inside(f"python3 {LAB}/conntrack_dump.py {capture.name}")
            result = subprocess.run([COMPARER, capture.name], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stdout[-2_000:] + result.stderr)
        self.assertEqual(result.stdout, f"{self.inside('conntrack -C').strip()} entries, 0 read differently, whole: true\n")

    def test_every_filter_against_the_whole(self):
        self.fill(20_000, seed=7)
        everything = [json.loads(line) for line in comparison.kstate("-o", "jsonl", netns=self.netns).splitlines()]

        def ids(*arguments):
            return sorted(json.loads(line)["conntrack"]["id"] for line in comparison.kstate("-o", "jsonl", *arguments, netns=self.netns).splitlines())

        def wanted(predicate):
            return sorted(record["conntrack"]["id"] for record in everything if predicate(record))

        def has_port(record, port):
            return any((record[end] or {}).get("port") == port for end in ("service", "backend"))

        self.assertEqual(ids("--port", "9153"), wanted(lambda r: has_port(r, 9153)))
        self.assertEqual(ids("--unreplied"), wanted(lambda r: "UNREPLIED" in r["conntrack"]["flags"]))
        self.assertEqual(ids("--family", "6"), wanted(lambda r: r["family"] == "ipv6"))
        self.assertEqual(ids("--state", "time_wait"), wanted(lambda r: r["conntrack"]["state"] == "TIME_WAIT"))
        self.assertEqual(ids("--zone", "3"), wanted(lambda r: r["conntrack"]["zone"] == 3))
        for mode in ("auto", "always", "never"):
            self.assertEqual(ids("--unreplied", "--kernel-filter", mode), wanted(lambda r: "UNREPLIED" in r["conntrack"]["flags"]))
            for family, name in (("4", "ipv4"), ("6", "ipv6")):
                self.assertEqual(
                    ids("--protocol", "tcp", "--family", family, "--service", ":9153", "--kernel-filter", mode),
                    wanted(lambda r: r["protocol"] == "tcp" and r["family"] == name and (r["service"] or {}).get("port") == 9153))
            self.assertEqual(
                ids("--protocol", "tcp,udp", "--port", "53", "--kernel-filter", mode),
                wanted(lambda r: r["protocol"] in ("tcp", "udp") and has_port(r, 53)))
            self.assertEqual(
                ids("--protocol", "udp", "--backend", "10.244.0.0/16", "--kernel-filter", mode),
                wanted(lambda r: r["protocol"] == "udp" and r["backend"]["address"].startswith("10.244.")))

    def test_a_kernel_that_has_no_filter_gives_the_same(self):
        """old-kernel.c gives the filter's attributes numbers that no kernel knows, which all of them ignore."""
        self.fill(20_000)
        with tempfile.TemporaryDirectory() as directory:
            preloaded = os.path.join(directory, "old-kernel.so")
            sh(f"cc -O2 -Wall -shared -fPIC -o {preloaded} {LAB}/old-kernel.c")
            for filters in ("--protocol tcp --family 4 --service :9153", "--protocol tcp,udp --service :9153,:53", "--unreplied", "--unreplied --mark 0/0xff"):
                with self.subTest(filters):
                    arguments = [*filters.split(), "--table", "conntrack", "--count"]
                    expected = comparison.kstate(*arguments, "--kernel-filter", "never", netns=self.netns)
                    always = [comparison.KSTATE, "conn", *arguments, "--kernel-filter", "always", "--netns", self.netns]
                    result = subprocess.run(always, capture_output=True, text=True, env={**os.environ, "LD_PRELOAD": preloaded})
                    self.assertEqual((result.returncode, result.stdout), (0, expected), result.stderr)
                    self.assertGreater(int(expected), 0)

    def test_the_table_is_resized_while_it_is_read(self):
        self.fill(100_000)
        before = subprocess.check_output(["sysctl", "-n", "net.netfilter.nf_conntrack_buckets"], text=True).strip()
        self.addCleanup(sh, f"sysctl -qw net.netfilter.nf_conntrack_buckets={before}")
        script = (f"for n in 1 2 3 4 5; do sysctl -qw net.netfilter.nf_conntrack_buckets=$(({before} / 4)); sleep 0.05; "
                  f"sysctl -qw net.netfilter.nf_conntrack_buckets={before}; sleep 0.05; done")
        passes = []
        # A resize between two of the kernel's answers is chance: it is tried until one was seen.
        while not any(number > 1 for number in passes):
            self.assertLess(len(passes), 20, "no resize fell into a reading")
            most = int(self.inside("conntrack -C"))
            resizing = subprocess.Popen(["bash", "-c", script])
            result = subprocess.run([comparison.KSTATE, "conn", "-o", "json", "--netns", self.netns], capture_output=True, text=True)
            resizing.wait()
            passes.append(self.check_whole_or_told(result, most))

    def check_whole_or_told(self, result, most):
        """A reading of the table, which had `most` entries before, is whole, or says that it is not. Gives its number of passes."""
        document = json.loads(result.stdout)
        ids = [(r["conntrack"]["id"], str(r["client"]), str(r["service"] or r["backend"]), r["protocol"], r["conntrack"]["zone"]) for r in document["connections"]]
        self.assertEqual(len(ids), len(set(ids)), "a torn dump's duplicates were printed")
        coverage = document["tables"]["conntrack"]
        if coverage["complete"]:
            self.assertEqual(result.returncode, 0)
            # None begins here; one whose time runs out is counted until the kernel comes by.
            self.assertTrue(int(self.inside("conntrack -C")) <= len(ids) <= most, (len(ids), most))
        else:
            self.assertEqual(result.returncode, 1)
            self.assertIn("incomplete", result.stderr)
        return coverage.get("passes", 1)

    def test_counters_times_and_marks(self):
        self.inside("sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1; "
                    "iptables-legacy -t mangle -A OUTPUT -p udp -j CONNMARK --set-mark 0x2a; "
                    "python3 -c \"import socket; s=socket.socket(2,2); s.sendto(b\\\"x\\\",(\\\"127.0.0.1\\\",9)); s.sendto(b\\\"xy\\\",(\\\"127.0.0.1\\\",9))\"")
        record, = json.loads(comparison.kstate("--protocol", "udp", "-o", "json", netns=self.netns))["connections"]
        self.assertEqual(record["conntrack"]["mark"], 0x2a)
        self.assertEqual(record["conntrack"]["counters"]["original"], {"packets": 2, "bytes": 28 + 1 + 28 + 2})
        self.assertTrue(record["conntrack"]["start"].startswith("20"))
        comparison.compare_lines(self, self.netns)


class FewEntries(FilledNamespace):
    """Read one by one, where the proc file may be read; the records are those of a dump."""

    def read(self, *command):
        """The records that `kstate conn` gives inside, by their tuples, and the dumps of the table that it asked for."""
        with tempfile.NamedTemporaryFile() as trace:
            output = subprocess.check_output(
                ["ip", "netns", "exec", self.netns, *command, "strace", "-f", "-qq", "-e", "signal=none", "-e", "trace=sendto",
                 comparison.KSTATE, "conn", "--table", "conntrack", "-o", "json"], stderr=trace)
            trace.seek(0)
            dumps = sum(b"IPCTNL_MSG_CT_GET," in line and b"NLM_F_DUMP" in line for line in trace)
        document = json.loads(output)
        self.assertTrue(document["tables"]["conntrack"]["complete"], document["tables"])
        for record in document["connections"]:
            del record["conntrack"]["timeout_s"]  # seconds pass between two readings
        return sorted(document["connections"], key=json.dumps), dumps

    def test_they_are_read_without_a_dump(self):
        self.fill(60)
        records, dumps = self.read()
        self.assertGreaterEqual(len(records), 60)
        self.assertEqual(dumps, 0)
        comparison.compare_conntrack(self, self.netns)
        # Who may ask the kernel, but not open a file of root's or its group's, is given a dump.
        dumped, dumps = self.read("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+net_admin", "--ambient-caps=+net_admin")
        self.assertEqual(dumps, 1)
        self.assertEqual(records, dumped)

    def test_more_are_dumped(self):
        self.fill(500)
        records, dumps = self.read()
        self.assertEqual(dumps, 1)
        self.assertGreaterEqual(len(records), 500)


class SeveralNamespaces(NamespaceTest):
    def test_each_that_is_named_is_read_once(self):
        other = f"{self.netns}-other"
        sh(f"ip netns add {other}; ip -n {other} link set lo up")
        self.addCleanup(sh, f"ip netns del {other}")
        for name in (self.netns, other):
            sh(f"ip netns exec {name} bash -euc 'iptables-legacy -A OUTPUT -m conntrack --ctstate NEW -j ACCEPT; ping -c1 -W1 127.0.0.1 >/dev/null'")
        twice = [word for name in (self.netns, other, f"/run/netns/{other}") for word in ("--netns", name)]
        lines = comparison.kstate("--table", "conntrack", "-o", "jsonl", *twice).splitlines()
        self.assertEqual(sorted(json.loads(line)["namespace"]["name"] for line in lines), sorted([self.netns, other]))


class DirectionalZones(NamespaceTest):
    def test_zones_of_one_direction(self):
        self.inside("iptables-legacy -t raw -A OUTPUT -p udp --dport 7 -j CT --zone-orig 7; "
                    "iptables-legacy -t raw -A OUTPUT -p udp --dport 8 -j CT --zone 8; "
                    "python3 -c \"import socket; s=socket.socket(2,2); s.sendto(b\\\"x\\\",(\\\"127.0.0.1\\\",7)); s.sendto(b\\\"x\\\",(\\\"127.0.0.1\\\",8))\"; "
                    "ping -c1 -W1 127.0.0.1 >/dev/null")
        self.assertGreaterEqual(comparison.compare_conntrack(self, self.netns), 2)
        records = json.loads(comparison.kstate("--zone", "7", "-o", "json", netns=self.netns))["connections"]
        self.assertEqual([record["conntrack"].get("zone_original") for record in records], [7])


class RealPackets(unittest.TestCase):
    def test_every_protocol_translated_and_field_by_field(self):
        if os.geteuid() != 0:
            self.fail("kernel tests need root: sudo make test")
        script = f"source {LAB}/protocols.sh; trap protocols_end EXIT; protocols_begin; echo $router ${{protocols_lacking[*]}}; read"
        lab = subprocess.Popen(["bash", "-euc", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(lab.communicate)  # its standard input ends, and with it the lab
        words = lab.stdout.readline().split()
        self.assertTrue(words, "the lab did not come up")
        router, *lacking = words
        self.assertEqual(comparison.compare_conntrack(self, router), 16)
        records = json.loads(comparison.kstate("-o", "json", "--table", "conntrack", netns=router))["connections"]
        self.check_translation(records)
        self.check_what_only_some_have(records)
        for part, check in (("helper", self.check_helper), ("labels", self.check_labels)):
            with self.subTest(part):
                if part in lacking:
                    self.skipTest(f"this kernel cannot set an entry's {part}: only PeerTests reads such an entry, from a capture")
                check(records)

    def check_translation(self, records):
        """Two of each protocol (four of TCP and SCTP), one a family, all to the one server."""
        counted = collections.Counter((record["protocol"], record["family"], record["conntrack"]["state"]) for record in records)
        expected = {("icmp", "ipv4", None): 1, ("icmpv6", "ipv6", None): 1}
        for family in ("ipv4", "ipv6"):
            expected |= {(protocol, family, None): 1 for protocol in ("udp", "udplite", "gre")}
            expected |= {("sctp", family, "COOKIE_WAIT"): 1, ("sctp", family, "CLOSED"): 1, ("tcp", family, "ESTABLISHED"): 2}
        self.assertEqual(counted, expected)
        for record in records:
            ipv4 = record["family"] == "ipv4"
            self.assertEqual(record["service"]["address"], "10.96.0.9" if ipv4 else "fd00:96::9")
            self.assertEqual(record["backend"]["address"], "10.9.2.2" if ipv4 else "fd00:9:2::2")
            masqueraded = (record["translated_client"] or {}).get("address")
            self.assertEqual(masqueraded, ("10.9.2.1" if ipv4 else "fd00:9:2::1") if record["protocol"] == "udplite" else None)
            unanswered = record["protocol"] == "gre" or record["conntrack"]["state"] == "CLOSED"
            self.assertEqual("UNREPLIED" in record["conntrack"]["flags"], unanswered, record)
            self.assertEqual(record["conntrack"]["mark"], 0x4000)

    def check_what_only_some_have(self, records):
        for record in records:
            flow, protocol = record["conntrack"], record["protocol"]
            self.assertEqual(flow.get("zone_original"), 7 if protocol == "icmp" else None)
            self.assertTrue(flow["start"].startswith("20"))
            if protocol in ("udp", "udplite"):
                self.assertEqual({half["packets"] for half in flow["counters"].values()}, {2})

    def check_helper(self, records):
        for record in records:
            is_ftp = record["family"] == "ipv4" and record["service"].get("port") == 21
            self.assertEqual(record["conntrack"].get("helper"), "ftp" if is_ftp else None)

    def check_labels(self, records):
        for record in records:
            labels = f"0x{1 << 77 | 1 << 3:x}" if record["protocol"] == "udp" else None
            self.assertEqual(record["conntrack"].get("labels"), labels)


class Story(unittest.TestCase):
    def test_one_pod_answers_and_one_does_not(self):
        output = sh(f"source {LAB}/story.sh; trap story_end EXIT; story_begin; "
                    f"{comparison.KSTATE} conn --netns $router --port 9153 -o jsonl --table conntrack")
        states = {}
        for record in map(json.loads, output.splitlines()):
            self.assertEqual(record["service"], {"address": "10.233.0.3", "port": 9153})
            states.setdefault(record["backend"]["address"], set()).add((record["conntrack"]["state"], record["conntrack"]["flags"][0]))
        self.assertEqual(states["10.233.71.1"], {("SYN_SENT", "UNREPLIED")})
        self.assertEqual(states["10.233.74.65"], {("ESTABLISHED", "ASSURED")})


    def test_the_services_backends_and_their_verdicts(self):
        output = sh(f"source {LAB}/story.sh; trap story_end EXIT; story_begin; sleep 2; "
                    f"{comparison.KSTATE} service --netns $router --port 9153 -o jsonl --table conntrack")
        service = json.loads(output)
        self.assertEqual((service["address"], service["port"], service["sources"]), ("10.233.0.3", 9153, ["conntrack"]))
        backends = {backend["address"]: backend for backend in service["backends"]}
        self.assertEqual(backends["10.233.71.1"]["verdict"], "silent")
        self.assertEqual(backends["10.233.71.1"]["connections"]["conntrack"], {"SYN_SENT": 3})
        self.assertRegex(backends["10.233.71.1"]["evidence"], "^3 of 3 connections unreplied, oldest [0-9]+ s$")
        self.assertEqual(backends["10.233.74.65"]["verdict"], "answering")
        self.assertEqual(backends["10.233.74.65"]["connections"]["conntrack"], {"ESTABLISHED": 3})


class ServiceHistograms(FilledNamespace):
    def test_states_are_those_that_conntrack_lists(self):
        self.fill(20_000, seed=11)

        def ours():
            services = service_comparison.kstate_services("--protocol", "tcp,udp,sctp,udplite", "--table", "conntrack", netns=self.netns)
            return service_comparison.histograms(services, "conntrack")
        found = comparison.settled(
            self, ours, lambda: service_comparison.translated(self.inside("conntrack -L -o extended,id 2>/dev/null")), tries=3)
        self.assertGreater(len(found), 5_000)


class Watch(FilledNamespace):
    def watch(self, *arguments):
        """A watch that has listed the table; its lines go to a file."""
        self.output = tempfile.NamedTemporaryFile("w+")
        self.addCleanup(self.output.close)
        watch = subprocess.Popen(
            [comparison.KSTATE, "conn", "--watch", "-o", "jsonl", "--table", "conntrack", "--netns", self.netns, *arguments], stdout=self.output)
        self.addCleanup(lambda: watch.poll() is None and (watch.kill(), watch.wait()))
        for _ in range(600):
            if any(event["event"] == "resync" for event in self.events()):
                return watch
            time.sleep(0.1)
        self.fail("the watch did not list the table")

    def events(self):
        with open(self.output.name) as file:  # opened anew: the watch writes where the place of its own is
            text = file.read()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]  # the last line may not be whole yet

    def end(self, watch):
        watch.send_signal(2)
        self.assertEqual(watch.wait(60), 0)
        return self.events()

    def test_the_first_resync_says_what_the_watch_has_listed(self):
        self.inside(f"{FILLER} 2000 3 9153 600")
        watch = self.watch("--protocol", "tcp")
        events = self.end(watch)
        first = next(event for event in events if event["event"] == "resync")["tables"]["conntrack"]
        listed = sum(event["event"] == "new" and event.get("existing", False) for event in events)
        self.assertEqual((first["available"], first["complete"], first["matched"]), (True, True, listed))
        self.assertGreater(first["read"], listed)
        self.assertGreater(listed, 100)

    def test_old_entries_that_end_silently_are_noticed(self):
        self.inside(f"{FILLER} 50 3 9153 100")
        self.assertGreater(self.flushed("--port", "9153"), 20)

    def test_a_flush_of_more_than_can_be_asked_for_one_by_one_is_noticed(self):
        self.fill(200_000)  # lookups alone find a thousand in a second
        self.assertGreater(self.flushed(), 190_000)

    def flushed(self, *arguments):
        """How many connections a watch tells the end of, once the table is flushed, all within a minute."""
        watch = self.watch(*arguments)
        self.inside("conntrack -F 2>/dev/null")
        for _ in range(60):
            if self.told("new") == self.told("end"):
                break
            time.sleep(1)
        kinds = collections.Counter(event["event"] for event in self.end(watch))
        self.assertEqual(kinds["new"], kinds["end"])
        return kinds["end"]

    def test_after_a_burst_the_view_equals_the_table(self):
        before = subprocess.check_output(["sysctl", "-n", "net.netfilter.nf_conntrack_max"], text=True).strip()
        self.addCleanup(sh, f"sysctl -qw net.netfilter.nf_conntrack_max={before}")
        sh("sysctl -qw net.netfilter.nf_conntrack_max=700000")
        watch = self.watch()
        self.inside(f"{FILLER} 300000 5 9153 1 2")
        size = self.output_size()
        for _ in range(300):  # a large table is read again when events were lost, and nothing is told before that is done
            if self.told("new") - self.told("end") == int(self.inside("conntrack -C")):
                break
            time.sleep(1)
        while True:  # however slow the machine: until nothing more is told
            time.sleep(3)
            if self.output_size() == size:
                break
            size = self.output_size()
        dropped = self.dropped(watch.pid)
        events = self.end(watch)
        kinds = [event["event"] for event in events]
        self.assertEqual(kinds.count("new") - kinds.count("end"), int(self.inside("conntrack -C")))
        self.assertEqual(sum(event["lost"] for event in events if event["event"] == "lost"), dropped)

    def told(self, kind):
        """How many events of this kind the output has, without a look at each, of which there are many."""
        with open(self.output.name, "rb") as output:
            return output.read().count(f'"event":"{kind}"'.encode())

    def output_size(self):
        return os.fstat(self.output.fileno()).st_size

    def dropped(self, process):
        """The kernel's own count of what the watch's sockets lost."""
        lines = self.inside("cat /proc/net/netlink").splitlines()[1:]
        inodes = {os.readlink(f"/proc/{process}/fd/{fd}").removeprefix("socket:[").rstrip("]") for fd in os.listdir(f"/proc/{process}/fd")}
        return sum(int(words[8]) for words in map(str.split, lines) if words[9] in inodes)


if __name__ == "__main__":
    unittest.main()
