"""What is checked inside the guest, a class a scenario."""

import json
import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import comparison
import expired
import service_comparison
from bounded import bound
from guest_facts import ServiceFacts, SyncFacts, UnloadedFacts
from guest_imports import ImportedTexts, SavedReport
from guest_reads import ReadsOnly


def modules():
    with open("/proc/modules") as listing:
        return {line.split()[0] for line in listing}


class Watching(unittest.TestCase):
    """A watch whose events are read as they come."""

    def watch(self, *arguments):
        self.watching = bound(self, subprocess.Popen(
            [comparison.KSTATE, "conn", "--watch", "-o", "jsonl", *arguments], stdout=subprocess.PIPE, text=True))
        self.addCleanup(self.watching.stdout.close)
        self.addCleanup(self.watching.wait)
        self.addCleanup(self.watching.kill)

    def events(self, wanted):
        """The events up to the first that is `wanted`."""
        events = []
        for line in self.watching.stdout:
            events.append(json.loads(line))
            if wanted(events[-1]):
                return events
        self.fail(f"the watch ended after {len(events)} events: {events[-3:]}")

    def joined(self, count):
        """The events up to the one that makes known so many connections with both halves, and these clients."""
        clients = set()

        def halves(event):
            connection = event.get("connection") or {}
            if connection.get("ipvs") and connection["conntrack"]:
                clients.add((connection["client"]["address"], connection["client"]["port"]))
            return len(clients) >= count
        return self.events(halves), clients

    def stop(self):
        """Ends the watch; the events that were not read."""
        self.watching.send_signal(signal.SIGINT)
        events = [json.loads(line) for line in self.watching.stdout]
        self.assertEqual(self.watching.wait(60), 0)
        return events


def connect():
    """A connection of the pod's through IPVS, closed at once; its port there."""
    script = "import socket; print(socket.create_connection(('10.233.0.80', 80), 10).getsockname()[1])"
    return int(comparison.run("python3", "-c", script, netns="c1"))


class dnsnode(SavedReport):
    def test_both_tables_and_their_join(self):
        self.assertGreaterEqual(comparison.compare_ipvs(self), 14)
        self.assertGreaterEqual(comparison.compare_join(self), 14)
        comparison.compare_lines(self)

    def test_the_silent_pod(self):
        records = [json.loads(line) for line in comparison.kstate("--port", "9153", "-o", "jsonl").splitlines()]
        silent = [record for record in records if record["backend"]["address"] == "10.233.71.1"]
        self.assertEqual(len(silent), 4)
        for record in silent:
            self.assertEqual(record["ipvs"]["state"], "SYN_RECV")
            self.assertEqual(record["conntrack"]["state"], "SYN_SENT")
            self.assertEqual(record["conntrack"]["flags"][0], "UNREPLIED")
        masqueraded = [record for record in silent if record["client"]["address"] == "10.233.0.3"]
        self.assertEqual({record["translated_client"]["address"] for record in masqueraded}, {"169.254.1.1"})

    def test_services_against_ipvsadm_and_both_tables(self):
        def histograms(table):
            return service_comparison.histograms(service_comparison.kstate_services(), table)

        def ipvs():
            with open("/proc/net/ip_vs_conn") as table:
                return service_comparison.ipvs(table.read())

        def text(end):
            return f"[{end['address']}]:{end['port']}" if ":" in end["address"] else f"{end['address']}:{end['port']}"

        def backends():
            services = service_comparison.kstate_services()
            return {(text(service), text(backend)): (backend["active"], backend["inactive"])
                    for service in services for backend in service["backends"]}

        def translated():
            return service_comparison.translated(comparison.run("conntrack", "-L", "-o", "extended,id"))
        comparison.settled(self, lambda: histograms("ipvs"), ipvs)
        comparison.settled(self, lambda: histograms("conntrack"), translated)
        comparison.settled(self, backends, lambda: service_comparison.destinations(comparison.run("ipvsadm", "-Ln")))

    def test_verdicts(self):
        service, = service_comparison.kstate_services("--service", "10.233.0.3:9153")
        self.assertEqual((service["sources"], service["scheduler"]), (["ipvs", "conntrack"], "rr"))
        backends = {backend["address"]: backend for backend in service["backends"]}
        silent = backends.pop("10.233.71.1")
        self.assertEqual(silent["verdict"], "silent")
        self.assertEqual(silent["connections"], {"ipvs": {"SYN_RECV": 4}, "conntrack": {"SYN_SENT": 4}})
        self.assertRegex(silent["evidence"], "^4 of 4 connections unreplied, oldest [0-9]+ s$")
        self.assertEqual({backend["verdict"] for backend in backends.values()}, {"answering"})

    def test_a_backend_port_that_differs(self):
        records = [json.loads(line) for line in comparison.kstate("--port", "8080", "-o", "jsonl").splitlines()]
        translated = [record for record in records if record["ipvs"]]
        self.assertEqual(len(translated), 2)
        for record in translated:
            self.assertEqual(record["service"]["port"], 80)
            self.assertEqual(record["ipvs"]["forwarding"], "Masq")

    def test_other_than_root_sees_ipvs_and_is_told_why_not_conntrack(self):
        result = subprocess.run(
            ["setpriv", "--reuid", "65534", "--clear-groups", comparison.KSTATE, "conn", "--port", "9153", "-o", "jsonl"],
            capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("CAP_NET_ADMIN", result.stderr)
        self.assertEqual(len(result.stdout.splitlines()), 8)


class forwarding(unittest.TestCase):
    def test_every_way_of_forwarding(self):
        comparison.compare_ipvs(self)
        comparison.compare_join(self)
        records = [json.loads(line) for line in comparison.kstate("-o", "jsonl").splitlines()]
        methods = {record["ipvs"].get("forwarding") for record in records if record["ipvs"]}
        self.assertLessEqual({"Route", "Tunnel", "Masq"}, methods)
        direct = [record for record in records if record["ipvs"] and record["ipvs"].get("forwarding") == "Route"]
        # A backend on the node itself is handed over locally; the service table goes on saying how it was configured.
        self.assertEqual({record["backend"]["address"] for record in direct}, {"10.244.0.5", "10.96.0.10"})
        for record in direct:
            self.assertTrue(record["conntrack"], f"a direct-routing entry without its twin: {record}")

    def test_services_of_every_kind(self):
        services = service_comparison.kstate_services()
        ports = {service["port"]: service for service in services if "port" in service}
        self.assertLessEqual({81, 82, 83, 85}, set(ports))
        marked, = [service for service in services if "firewall_mark" in service]
        self.assertEqual(marked["firewall_mark"], 7)
        self.assertEqual([(backend["connection_count"], backend["templates"]) for backend in marked["backends"]], [(1, 1)])
        self.assertEqual([backend["verdict"] for backend in marked["backends"]], ["silent"])
        self.assertEqual(ports[81]["backends"][0]["templates"], 1)
        for port, word in ((82, "Tunnel"), (83, "Route")):
            backend, = ports[port]["backends"]
            self.assertEqual(backend["forwarding"], word)
            # Nobody answered these, and IPVS, not conntrack, is who says so.
            self.assertEqual(backend["connections"]["ipvs"], {"SYN_RECV": 1})
            self.assertEqual(backend["unreplied"], 1)

    def test_templates_and_marks(self):
        records = [json.loads(line) for line in comparison.kstate("--table", "ipvs", "-o", "jsonl").splitlines()]
        templates = [record for record in records if record["ipvs"].get("template")]
        self.assertTrue(any("firewall_mark" not in record["ipvs"] for record in templates))
        self.assertEqual({record["ipvs"]["firewall_mark"] for record in templates if "firewall_mark" in record["ipvs"]}, {7})


class services(ServiceFacts, ImportedTexts):
    def test_one_packet_scheduling_is_not_idle(self):
        service, = service_comparison.kstate_services("--service", "10.96.0.10:53")
        backend, = service["backends"]
        self.assertEqual((backend["verdict"], backend["connection_count"]), ("undecided", 0))
        self.assertGreaterEqual(service["counters"]["packets_in"], 20)

    def test_a_service_without_backends_is_named_where_the_filter_admits_it(self):
        def empty(*arguments):
            command = [comparison.KSTATE, "doctor", "--samples", "1", "-o", "json", *arguments]
            findings = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)["findings"]
            return [finding["evidence"][-1] for finding in findings if finding["rule"] == "no-backends"]
        self.assertEqual(empty("--port", "99"), ["no connection to it in the tables"])
        self.assertEqual(empty("--service", "10.96.0.99", "--client", "1.2.3.4"), ["no connection to it within the filter"])
        for outside in (["--port", "12345"], ["--service", "10.96.0.10"], ["--family", "6"], ["--port", "99", "--protocol", "udp"]):
            self.assertEqual(empty(*outside), [], outside)

    def test_a_watch_tells_the_counters_too(self):
        def connections(document):
            return {(service.get("protocol"), service.get("address"), service.get("port"), service.get("firewall_mark")): service["counters"]["connections"]
                    for service in document["services"]}
        before = connections({"services": service_comparison.kstate_services()})
        watch = bound(self, subprocess.Popen(
            [comparison.KSTATE, "service", "--watch", "-o", "jsonl", "--interval", "1"], stdout=subprocess.PIPE, text=True))
        told = connections(json.loads(watch.stdout.readline()))
        watch.terminate()
        watch.communicate(timeout=60)
        after = connections({"services": service_comparison.kstate_services()})
        self.assertEqual(told.keys(), before.keys())
        for service, count in told.items():
            self.assertTrue(before[service] <= count <= after[service], service)


    def test_a_watch_into_a_pipe_tells_of_services_without_backends_and_in_order(self):
        watch = bound(self, subprocess.Popen(
            [comparison.KSTATE, "service", "--watch", "--interval", "0.2", "--service", "10.98.0.0/24"], stdout=subprocess.PIPE, text=True))
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.terminate)

        def news(count, *command):
            subprocess.run(["ipvsadm", *command], check=True)
            return [watch.stdout.readline().partition(" ")[2].strip() for _ in range(count)]
        service, numbers = ["-t", "10.98.0.1:80"], [7, 2, 9, 1, 8, 3, 6]
        backends = [f"tcp 10.98.0.1:80 -> 10.98.1.{number}:80" for number in sorted(numbers)]
        self.assertEqual(news(1, "-A", *service, "-s", "rr"), ["no-backends tcp 10.98.0.1:80"])
        self.assertEqual(news(1, "-D", *service), ["gone (was no-backends) tcp 10.98.0.1:80"])
        self.assertEqual(news(1, "-A", *service, "-s", "rr"), ["no-backends tcp 10.98.0.1:80"])
        for number in numbers:
            self.assertEqual(news(1, "-a", *service, "-r", f"10.98.1.{number}:80", "-m"), [f"idle tcp 10.98.0.1:80 -> 10.98.1.{number}:80  no connections"])
        self.assertEqual(news(len(numbers), "-D", *service), [f"gone (was idle) {name}" for name in backends])
        self.assertEqual(news(1, "-A", *service, "-s", "rr"), ["no-backends tcp 10.98.0.1:80"])
        news(1, "-a", *service, "-r", "10.98.1.1:80", "-m")
        self.assertEqual(news(2, "-d", *service, "-r", "10.98.1.1:80"), [f"gone (was idle) {backends[0]}", "no-backends tcp 10.98.0.1:80"])
        self.assertEqual(news(1, "-D", *service), ["gone (was no-backends) tcp 10.98.0.1:80"])


class sync(SyncFacts, ImportedTexts):
    pass


class readsonly(ReadsOnly):
    pass


class watch(Watching):
    def test_ipvs_alone_says_how_much_was_read_of_it(self):
        self.watch("--table", "ipvs")
        events = self.events(lambda event: event["event"] == "resync")
        tables = events[-1]["tables"]
        self.assertEqual(list(tables), ["ipvs"])
        self.assertTrue(tables["ipvs"]["complete"])
        self.assertEqual(tables["ipvs"]["matched"], len(events) - 1)
        self.assertGreater(len(events), 5)
        self.stop()

    def test_a_first_resync_comes_when_both_tables_are_known(self):
        self.watch("--port", "9153,80")
        events = self.events(lambda event: event["event"] == "resync")
        existing = [event["connection"] for event in events if event["event"] == "new" and event.get("existing")]
        for table, coverage in events[-1]["tables"].items():
            with self.subTest(table):
                self.assertEqual((coverage["available"], coverage["complete"]), (True, True))
                # Whatever else the events changed, each connection is told once as one that was there.
                self.assertEqual(coverage["matched"], 10)
                self.assertGreaterEqual(coverage["read"], 10)
        self.assertEqual(len(existing), 10)
        self.stop()

    def test_a_reading_of_ipvs_that_fails_half_way_changes_nothing(self):
        """strace lets the end of one reading fail, and then the beginning of another."""
        for call in (2, 1):
            self.watch("--table", "ipvs")
            self.events(lambda event: event["event"] == "resync")
            table = f"/proc/{self.watching.pid}/task/{self.watching.pid}/net/ip_vs_conn"
            strace = subprocess.Popen(
                ["strace", "-qq", "-p", str(self.watching.pid), "-P", table, "-e", "trace=read", "-e", f"inject=read:error=EIO:when={call}"],
                stderr=subprocess.PIPE, text=True)
            events = [self.events(lambda event: event["event"] == "resync")[-1]]
            events += self.events(lambda event: event["event"] == "resync")
            strace.send_signal(signal.SIGINT)
            traced = strace.communicate(timeout=60)[1]
            self.assertEqual(traced.count("(INJECTED)"), 1, traced)
            # What the readings after it tell of is a connection that began after it, and nothing else.
            port = connect()
            events += self.events(lambda event: event["event"] == "new")
            events += self.stop()
            told = [event["tables"]["ipvs"] for event in events if event["event"] == "resync"]
            self.assertEqual([table["available"] for table in told], [False, True])
            self.assertIn("Input/output error", told[0]["reason"])
            begun_or_ended = [(event["event"], event["connection"]["client"]["port"]) for event in events if event["event"] in ("new", "end")]
            self.assertEqual(begun_or_ended, [("new", port)])

    def test_ipvs_states_and_ends_arrive(self):
        self.watch("--port", "9153,80")
        events, going = self.joined(8)
        port = connect()

        def is_closed(event):
            connection = event.get("connection") or {}
            half = connection.get("ipvs")
            return half and connection["client"]["port"] == port and half["state"] not in ("SYN_RECV", "ESTABLISHED")

        def all_have_ended(event):
            if event["event"] == "end":
                going.discard((event["connection"]["client"]["address"], event["connection"]["client"]["port"]))
            return not going
        events += self.events(is_closed)
        # With its service each connection ends, and its conntrack entry with it.
        subprocess.run(["sysctl", "-qw", "net.ipv4.vs.expire_nodest_conn=1"], check=True)
        subprocess.run(["ipvsadm", "-C"], check=True)
        events += self.events(all_have_ended)
        events += self.stop()
        self.assertEqual(sum(event["event"] == "lost" for event in events), 0)


class moduleremoved(Watching):
    """A module is removed under a watch: the watch goes on with what is left, and says what is not."""

    def setUp(self):
        self.watch("--port", "9153")

    def remove(self, *names):
        """Whoever reads what a module shows holds it for a moment: tried until nobody does."""
        end = time.monotonic() + 60
        for name in names:
            while (result := subprocess.run(["rmmod", name], capture_output=True, text=True)).returncode:
                self.assertLess(time.monotonic(), end, result.stderr)
                time.sleep(0.1)

    def test_1_ip_vs(self):
        events, joined = self.joined(8)
        subprocess.run(["ipvsadm", "-C"], check=True)
        self.remove("ip_vs_rr", "ip_vs_wrr", "ip_vs_lc", "ip_vs_sh", "ip_vs")
        events += self.events(lambda event: event["event"] == "resync" and not event["tables"]["ipvs"]["available"])
        self.assertIn("ip_vs is not loaded", events[-1]["tables"]["ipvs"]["reason"])
        # IPVS takes the conntrack entry with it where it comes to that first: what is told last of such a connection is its end.
        last = {(event["connection"]["client"]["address"], event["connection"]["client"]["port"]): event for event in events if "connection" in event}
        for client in joined:
            self.assertTrue(last[client]["event"] == "end" or not last[client]["connection"]["ipvs"], last[client])
        self.assertNotIn("ip_vs", modules())
        self.stop()
        self.assertNotIn("ip_vs", modules())

    def test_2_conntrack_netlink(self):
        self.events(lambda event: event["event"] == "resync")
        self.remove("nf_conntrack_netlink")
        gone = self.events(lambda event: event["event"] == "resync")[-1]["tables"]["conntrack"]
        self.assertFalse(gone["available"])
        self.assertIn("modprobe nf_conntrack_netlink", gone["reason"])
        self.assertNotIn("nf_conntrack_netlink", modules())
        subprocess.run(["modprobe", "nf_conntrack_netlink"], check=True)
        back = self.events(lambda event: event["event"] == "resync")[-1]["tables"]["conntrack"]
        self.assertTrue(back["available"] and back["complete"])
        self.stop()


class absent(UnloadedFacts):
    def test_the_module_is_named_and_not_loaded(self):
        before = modules()
        self.assertNotIn("ip_vs", before)
        result = subprocess.run([comparison.KSTATE, "conn"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0)
        self.assertIn("ip_vs is not loaded", result.stderr)
        result = subprocess.run([comparison.KSTATE, "conn", "--table", "ipvs"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(modules(), before)

    def test_entries_that_have_expired_hide_no_others(self):
        comparison.run("ip", "netns", "add", "small")
        self.addCleanup(comparison.run, "ip", "netns", "del", "small")
        expired.check(self, "small")


class nonetlink(UnloadedFacts):
    def test_the_module_is_named_and_not_loaded(self):
        before = modules()
        self.assertNotIn("nf_conntrack_netlink", before)
        result = subprocess.run([comparison.KSTATE, "conn"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("modprobe nf_conntrack_netlink", result.stderr)
        self.assertEqual(modules(), before)


class twonodes(unittest.TestCase):
    """What two nodes have saved, read together: each connection says what became of it on the node where its packets arrived."""

    def read(self, scene):
        lines = comparison.kstate("--from", f"/run/{scene}.node1", "--from", f"/run/{scene}.node2", "--service", "10.233.0.3", "--table", "conntrack", "-o", "jsonl")
        records = [json.loads(line) for line in lines.splitlines()]
        self.assertEqual(len(records), 2)
        self.assertEqual({record["node"] for record in records}, {"node1"})
        return records

    def losses(self, scene):
        """What the doctor says of the two: its findings of lost-between-nodes, by where packets were lost."""
        result = subprocess.run(
            [comparison.KSTATE, "doctor", "--from", f"/run/{scene}.node1", "--from", f"/run/{scene}.node2", "-o", "json"],
            capture_output=True, text=True)
        document = json.loads(result.stdout)
        findings = [finding for finding in document["findings"] if finding["rule"] == "lost-between-nodes"]
        # Both nodes have the guest's clock: where twins tell of it, to a second.
        for clock in document["clocks"]:
            self.assertEqual((clock["node"], clock["reference"]), ("node2", "node1"))
            self.assertLessEqual(abs(clock["ahead_s"]), clock["precision_s"])
        self.assertEqual(bool(document["clocks"]), scene in ("well", "in_pod"), scene)
        self.assertEqual(result.returncode == 3, bool(findings))
        return {finding["lost"]: finding for finding in findings}

    def test_the_doctor_says_where_packets_died(self):
        self.assertEqual(self.losses("well"), {})
        for scene in ("before_node", "in_pod", "on_return"):
            losses = self.losses(scene)
            self.assertEqual(list(losses), [scene])
            self.assertEqual(losses[scene]["node"], "node1")
            self.assertEqual(losses[scene]["backend"], {"address": "10.233.72.5", "port": 9153})
        outer = self.losses("before_node")["before_node"]["commands"]
        self.assertTrue(any("tcpdump -ni under1 'host 10.0.0.2 and udp port 8472'" in command for command in outer), outer)

    def test_an_answered_connection_has_its_twin(self):
        for record in self.read("well"):
            self.assertEqual((record["twin"]["node"], record["twin"]["state"]), ("node2", "ESTABLISHED"))

    def test_what_never_arrived_has_none(self):
        for record in self.read("before_node"):
            self.assertEqual(record["conntrack"]["flags"], ["UNREPLIED"])
            self.assertNotIn("twin", record)

    def test_what_the_pod_did_not_answer_has_an_unreplied_one(self):
        for record in self.read("in_pod"):
            self.assertEqual((record["twin"]["state"], record["twin"]["flags"]), ("SYN_SENT", ["UNREPLIED"]))

    def test_what_was_lost_on_the_way_back_was_replied_to_there(self):
        for record in self.read("on_return"):
            self.assertEqual(record["conntrack"]["flags"], ["UNREPLIED"])
            self.assertEqual((record["twin"]["state"], record["twin"]["flags"]), ("SYN_RECV", []))
