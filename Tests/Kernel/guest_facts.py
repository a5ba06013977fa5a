"""What is checked inside the guest of services, of the node's other facts, and of connections that another director made."""

import collections
import json
import os
import subprocess
import unittest

import comparison
import facts
import services


class ServiceFacts(unittest.TestCase):
    def test_every_service_and_backend_field_by_field(self):
        found = services.compare(self)
        self.assertGreaterEqual(sum(backend is None for _, backend in found), 12)
        counters = found[("udp", "10.96.0.10", 53), None]["counters"]
        self.assertEqual(counters[0:2], [20, 20])
        self.assertEqual(counters[3], sum(28 + number for number in range(20)))

    def test_version_timeouts_and_daemons(self):
        information = services.compare_information(self)
        self.assertEqual(information["timeouts"], [901, 121, 301])
        self.assertEqual(information["daemons"], [])

    def test_without_the_right_the_services_come_from_proc(self):
        command = ["setpriv", "--reuid", "65534", "--clear-groups", facts.PRINTER]

        def plain():
            lines = [json.loads(line) for line in comparison.run(*command).splitlines()]
            problem, = [line["problem"] for line in lines if "problem" in line]
            self.assertIn("CAP_NET_ADMIN", problem)
            return [line["service"] for line in lines if "service" in line]

        def whole():
            services = facts.facts()["service"]
            for service in services:
                service["persistence"] = None
                service["engine"] = None
                service["flags"] &= 5  # persistent, one packet
                for part in [service, *service["backends"]]:
                    part["counters"] = None
                for backend in service["backends"]:
                    backend.update(persistent=0, upper=0, lower=0)
                service["netmask"] = service["netmask"] if service["flags"] & 1 else None
            return services
        comparison.settled(self, plain, whole)

    def test_a_service_table_that_changes_while_it_is_read(self):
        names = [f"10.97.{number // 250}.{number % 250 + 1}:80" for number in range(2_000)]
        self.change(f"-A -t {name} -s rr\n" for name in names)
        self.addCleanup(self.change, [f"-D -t {name}\n" for name in names])
        churn = subprocess.Popen(["bash", "-c", "while :; do ipvsadm -D -t 10.97.0.9:80; ipvsadm -A -t 10.97.0.9:80 -s rr; done"])
        try:
            for _ in range(10):
                found = [service["address"] for service in facts.facts()["service"] if service.get("address", "").startswith("10.97.")]
                self.assertEqual(len(found), len(set(found)))
                self.assertGreaterEqual(len(set(found) - {"10.97.0.9"}), 1_999, "a service that stayed was passed over")
        finally:
            churn.kill()
            churn.wait()

    def change(self, rules):
        subprocess.run(["ipvsadm", "-R"], input="".join(rules), text=True)

    def test_the_rest_of_the_node(self):
        for script in ("ip link add geneve1 type geneve id 7 remote 192.168.0.9 dstport 6081", "ip link set geneve1 up",
                       "ip link add tunnel1 type ipip local 192.168.0.1 remote 192.168.0.7", "ip link add tunnel2 type ipip local 192.168.0.1"):
            subprocess.run(script.split(), check=True)
        interfaces = facts.compare_interfaces(self)
        self.assertEqual(interfaces["geneve1"]["port"], 6081)
        self.assertEqual(interfaces["tunnel1"]["remote"], "192.168.0.7")
        facts.compare_routes(self)
        facts.compare_neighbours(self)
        facts.compare_statistics(self)
        facts.every_setting(self)
        self.assertEqual(facts.compare_settings(self)["net.ipv4.vs.conntrack"], "1")

    def test_without_a_daemon_no_origin_is_told(self):
        records = [json.loads(line) for line in comparison.kstate("--table", "ipvs", "-o", "jsonl").splitlines()]
        self.assertGreater(len(records), 3)
        self.assertEqual([record for record in records if "origin" in record["ipvs"]], [])


class SyncFacts(unittest.TestCase):
    def test_the_origin_of_each_connection(self):
        comparison.compare_ipvs(self)

        def ours():
            records = [json.loads(line) for line in comparison.kstate("--table", "ipvs", "-o", "jsonl").splitlines()]
            for record in records:
                self.assertEqual(record["ipvs"]["origin"] == "SYNC", record["client"]["address"].startswith("172.16."))
            return collections.Counter(record["ipvs"]["origin"] for record in records)

        def theirs():
            with open("/proc/net/ip_vs_conn_sync") as table:
                return collections.Counter(line.split()[8] for line in list(table)[1:])
        found = comparison.settled(self, ours, theirs)
        self.assertEqual(found["SYNC"], 100)
        self.assertGreaterEqual(found["LOCAL"], 3)

    def test_the_daemons(self):
        information = services.compare_information(self)
        self.assertEqual({(daemon["role"], daemon["id"]) for daemon in information["daemons"]}, {("master", 6), ("backup", 5)})


def loaded():
    with open("/proc/modules") as listing:
        return {line.split()[0] for line in listing}


class UnloadedFacts(unittest.TestCase):
    """In a guest without ip_vs, or without conntrack's netlink interface."""

    def test_nothing_is_loaded_and_what_is_missing_is_told(self):
        before = loaded()
        trace = "/run/trace"
        command = ["strace", "-f", "-e", "trace=sendto,sendmsg", "-e", "verbose=none", "-s", "256", "-o", trace, facts.PRINTER]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        lines = [json.loads(line) for line in output.splitlines()]
        self.assertEqual(loaded(), before)
        with open(trace) as calls:
            sent = calls.read()
        self.assertGreaterEqual(sent.count("sendto("), 6)
        problems = [line["problem"] for line in lines if "problem" in line]
        if "ip_vs" in before:
            self.assertNotIn("nf_conntrack_netlink", before)
            self.assertIn("IPVS", sent)
            self.assertEqual(len([line for line in lines if "statistics" in line]), os.cpu_count())
        else:
            self.assertNotIn("IPVS", sent, "the family's name was asked for")
            self.assertIn("ip_vs is not loaded", problems[0])
