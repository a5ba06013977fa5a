"""What is checked inside the guest of ipvsadm's texts and IPVS's files: read from them, all is as kstate reads it from the kernel."""

import json
import os
import subprocess
import tempfile
import time
import unittest

import comparison
import imports
import sos

LISTINGS = {"Ln": [], "stats": ["--stats"], "stats exact": ["--stats", "--exact"], "rate": ["--rate"], "thresholds": ["--thresholds"],
            "persistent": ["--persistent-conn"]}
# What a text tells of a service and of a backend.
SERVICE = ("scheduler", "flags", "persistence_s")
CONFIGURATION = ("forwarding", "weight")


def lines(*arguments):
    result = subprocess.run([comparison.KSTATE, *arguments, "-o", "jsonl"], capture_output=True, text=True)
    return [json.loads(line) for line in result.stdout.splitlines()]


def end(place):
    return place and (place["address"], place.get("port"))


class ImportedTexts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.start = time.monotonic()
        self.snapshot = self.path("live.kstate")
        subprocess.run([comparison.KSTATE, "snapshot", "save", self.snapshot], capture_output=True, check=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def save(self, name, *command):
        with open(self.path(name), "w") as file:
            subprocess.run(command, stdout=file, check=True)
        return self.path(name)

    def services(self, path):
        """By identity: the service, and its backends by address and port."""
        found = {}
        for service in lines("service", "--from", path, "--table", "ipvs"):
            if "ipvs" not in service["sources"]:
                continue
            key = (service.get("protocol"), service.get("address"), service.get("port"), service.get("firewall_mark"), service.get("family"))
            found[key] = service, {end(backend): backend for backend in service["backends"]}
        return found

    def compare_services(self, path, fields, backend_fields):
        theirs, ours = self.services(self.snapshot), self.services(path)
        self.assertEqual(set(ours), set(theirs))
        for key, (service, backends) in theirs.items():
            self.assertEqual([ours[key][0].get(field) for field in fields], [service.get(field) for field in fields], key)
            self.assertEqual(set(ours[key][1]), set(backends), key)
            for name, backend in backends.items():
                other = ours[key][1][name]
                self.assertEqual([other.get(field) for field in backend_fields], [backend.get(field) for field in backend_fields], (key, name))
        return len(theirs)

    def test_services_of_each_text_alone(self):
        counts = {
            self.compare_services(self.save("list", "ipvsadm", "-Ln"), SERVICE, CONFIGURATION + ("active", "inactive")),
            self.compare_services(self.save("saved", "ipvsadm", "-Sn"), SERVICE, CONFIGURATION),
            self.compare_services(self.save("proc", "cat", "/proc/net/ip_vs"), SERVICE[:2], CONFIGURATION + ("active", "inactive"))}
        self.assertGreaterEqual(counts.pop(), 1)
        self.assertFalse(counts)

    def test_all_texts_of_the_services_together(self):
        os.mkdir(self.path("texts"))
        for name, options in LISTINGS.items():
            self.save(f"texts/{name}", "ipvsadm", "-Ln", *options)
        self.save("texts/saved", "ipvsadm", "-Sn")
        self.save("texts/proc", "cat", "/proc/net/ip_vs")
        self.compare_services(
            self.path("texts"), SERVICE, CONFIGURATION + ("active", "inactive", "persistent", "upper_threshold", "lower_threshold"))
        totals = ("connections", "packets_in", "packets_out", "bytes_in", "bytes_out")
        theirs, ours = self.services(self.snapshot), self.services(self.path("texts"))
        for key, (service, _) in theirs.items():
            self.assertEqual([ours[key][0]["counters"][name] for name in totals], [service["counters"][name] for name in totals], key)

    def connections(self, path):
        found = {}
        for record in lines("conn", "--from", path, "--table", "ipvs"):
            key = (record["protocol"], *(end(record[name]) for name in ("client", "service", "backend")), record["ipvs"]["state"])
            found[key] = record["ipvs"]["expires_s"], record["ipvs"].get("origin")
        return found

    def test_connections_of_each_text(self):
        theirs = self.connections(self.snapshot)
        self.assertTrue(theirs)
        texts = [self.save("connections", "ipvsadm", "-Lnc"), self.save("more", "ipvsadm", "-Lnc", "--persistent-conn"),
                 self.save("table", "cat", "/proc/net/ip_vs_conn"), self.save("synced", "cat", "/proc/net/ip_vs_conn_sync")]
        apart = time.monotonic() - self.start + 2
        for path in texts:
            ours = self.connections(path)
            self.assertEqual(set(ours), set(theirs), path)
            for key, (seconds, _) in theirs.items():
                self.assertLessEqual(abs(seconds - ours[key][0]), apart, (path, key))
        self.assertEqual({origin for _, origin in self.connections(texts[3]).values()} - {"LOCAL", "SYNC"}, set())

    def test_timeouts_and_daemons(self):
        paths = [self.save("list", "ipvsadm", "-Ln"), self.save("timeouts", "ipvsadm", "-L", "--timeout"),
                 self.save("daemons", "ipvsadm", "-L", "--daemon")]
        if not os.path.getsize(paths[2]):  # it prints nothing where there is none
            paths.pop()
        imported = self.path("imported.kstate")
        result = subprocess.run([comparison.KSTATE, "snapshot", "import", *paths, imported], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        theirs, ours = imports.facts(self.snapshot), imports.facts(imported)
        self.assertTrue(theirs["ipvs_settings"])
        for table in ("ipvs_settings", "ipvs_daemons"):
            self.assertEqual(ours[table], theirs[table])


class SavedReport(unittest.TestCase):
    """An sos report tells of the node what the kernel told kstate a moment before."""

    NAMESPACES = ("c1", "p2")
    # What must not hang on the moment of the reading: ages are in the evidence alone.
    FIELDS = ("rule", "severity", "title", "protocol", "service", "backend", "count", "cause", "remedy", "commands")

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.live = {name: os.path.join(folder.name, f"{name}.kstate") for name in ("host", *cls.NAMESPACES)}
        for name, path in cls.live.items():
            place = [] if name == "host" else ["--netns", name]
            subprocess.run([comparison.KSTATE, "snapshot", "save", *place, path], capture_output=True, check=True)
        cls.report = sos.report(os.path.join(folder.name, "sosreport-node1"), cls.NAMESPACES)
        cls.imported = os.path.join(folder.name, "imported.kstate")
        cls.result = subprocess.run([comparison.KSTATE, "snapshot", "import", cls.report, cls.imported], capture_output=True, text=True)

    def doctor(self, *place):
        result = subprocess.run([comparison.KSTATE, "doctor", "--from", *place, "-o", "json"], capture_output=True, text=True)
        document = json.loads(result.stdout)
        findings = [{name: finding.get(name) for name in self.FIELDS} for finding in document["findings"]]
        return document, sorted(findings, key=lambda finding: json.dumps(finding, sort_keys=True))

    def test_every_line_is_read(self):
        self.assertEqual((self.result.returncode, self.result.stderr), (0, ""), self.result.stdout)
        self.assertNotIn("unreadable", self.result.stdout)

    def test_the_doctor_finds_the_same(self):
        self.maxDiff = None
        for name, path in self.live.items():
            theirs, expected = self.doctor(path)
            for source in (self.report, self.imported):
                ours, found = self.doctor(source, "--netns", name)
                self.assertEqual(found, expected, (name, source))
                self.assertEqual(ours["not_checked"], theirs["not_checked"], name)
                self.assertEqual((ours["node"], ours["kernel"]), (theirs["node"], theirs["kernel"]))
        self.assertIn("silent-backend", [finding["rule"] for finding in self.doctor(self.report, "--netns", "host")[1]])

    def test_the_facts_are_the_same(self):
        self.maxDiff = None
        for name, path in self.live.items():
            ours, theirs = imports.facts(self.imported, name), imports.facts(path)
            # What a namespace's processes look into no report has of it, nor what sos asks of the host alone.
            hosts = () if name == "host" else ("resolvers", "ipvs_settings", "ipvs_daemons")
            for table in set(theirs) - set(hosts):
                if table != "neighbours":  # they move by themselves
                    self.assertEqual(ours[table], theirs[table], (name, table))
            self.assertTrue(theirs["routes"] and theirs["interface_addresses"])
            self.assertTrue({row[:2] for row in ours["neighbours"]})
