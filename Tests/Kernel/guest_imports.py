"""What is checked inside the guest of ipvsadm's texts and IPVS's files: read from them, all is as kstate reads it from the kernel."""

import json
import os
import subprocess
import tempfile
import unittest

import comparison
import imports
import peers
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

    def live(self):
        """What kstate itself reads from the kernel, at this moment."""
        subprocess.run([comparison.KSTATE, "snapshot", "save", self.path("live.kstate")], capture_output=True, check=True)
        return self.path("live.kstate")

    def path(self, name):
        return os.path.join(self.folder, name)

    def save(self, name, *command):
        with open(self.path(name), "w") as file:
            subprocess.run(command, stdout=file, check=True)
        return self.path(name)

    def services(self, path, fields, backend_fields, counters):
        """By identity: these fields of the service and these counters, and by address and port those of its backends."""
        found = {}
        for service in lines("service", "--from", path, "--table", "ipvs"):
            if "ipvs" not in service["sources"]:
                continue
            key = (service.get("protocol"), service.get("address"), service.get("port"), service.get("firewall_mark"), service.get("family"))
            backends = {end(backend): [backend.get(field) for field in backend_fields] for backend in service["backends"]}
            found[key] = [service.get(field) for field in fields], [service["counters"][name] for name in counters], backends
        return found

    def compare_services(self, save, fields, backend_fields, counters=()):
        """What `save` writes and names is read as the kernel is; a connection that ends or begins meanwhile is let pass."""
        chosen = (fields, backend_fields, counters)
        return len(comparison.settled(self, lambda: self.services(save(), *chosen), lambda: self.services(self.live(), *chosen)))

    def test_services_of_each_text_alone(self):
        numbers = ("active", "inactive")
        counts = {
            self.compare_services(lambda: self.save("list", "ipvsadm", "-Ln"), SERVICE, CONFIGURATION + numbers),
            self.compare_services(lambda: self.save("saved", "ipvsadm", "-Sn"), SERVICE, CONFIGURATION),
            self.compare_services(lambda: self.save("proc", "cat", "/proc/net/ip_vs"), SERVICE[:2], CONFIGURATION + numbers)}
        self.assertGreaterEqual(counts.pop(), 1)
        self.assertFalse(counts)

    def test_all_texts_of_the_services_together(self):
        os.mkdir(self.path("texts"))

        def save():
            for name, options in LISTINGS.items():
                self.save(f"texts/{name}", "ipvsadm", "-Ln", *options)
            self.save("texts/saved", "ipvsadm", "-Sn")
            self.save("texts/proc", "cat", "/proc/net/ip_vs")
            return self.path("texts")

        self.compare_services(
            save, SERVICE, CONFIGURATION + ("active", "inactive", "persistent", "upper_threshold", "lower_threshold"),
            ("connections", "packets_in", "packets_out", "bytes_in", "bytes_out"))

    def connections(self, path):
        found = {}
        for record in lines("conn", "--from", path, "--table", "ipvs"):
            key = (record["protocol"], *(end(record[name]) for name in ("client", "service", "backend")), record["ipvs"]["state"])
            found[key] = record["ipvs"]["expires_s"], record["ipvs"].get("origin")
        return found

    def test_connections_of_each_text(self):
        """As the text has them, to the second; and the same connections that kstate reads from the kernel."""
        texts = {"connections": (peers.ipvsadm_rows, "ipvsadm", "-Lnc"), "more": (peers.ipvsadm_rows, "ipvsadm", "-Lnc", "--persistent-conn"),
                 "table": (peers.ip_vs_rows, "cat", "/proc/net/ip_vs_conn"), "synced": (peers.ip_vs_rows, "cat", "/proc/net/ip_vs_conn_sync")}
        for name, (rows, *command) in texts.items():
            ours = comparison.settled(
                self, lambda: set(self.connections(self.save(name, *command))), lambda: set(self.connections(self.live())))
            self.assertTrue(ours)
            with open(self.path(name)) as text:
                told = {row[:5]: row[5] for row in rows(text.read())}
            self.assertEqual({key: seconds for key, (seconds, _) in self.connections(self.path(name)).items()}, told, name)
        self.assertEqual({origin for _, origin in self.connections(self.path("synced")).values()} - {"LOCAL", "SYNC"}, set())

    def test_timeouts_and_daemons(self):
        paths = [self.save("list", "ipvsadm", "-Ln"), self.save("timeouts", "ipvsadm", "-L", "--timeout"),
                 self.save("daemons", "ipvsadm", "-L", "--daemon")]
        if not os.path.getsize(paths[2]):  # it prints nothing where there is none
            paths.pop()
        imported = self.path("imported.kstate")
        result = subprocess.run([comparison.KSTATE, "snapshot", "import", *paths, imported], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        theirs, ours = imports.facts(self.live()), imports.facts(imported)
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
        # Only where all was the same before the report and after it must the report tell the same.
        for number in range(5):
            cls.live = cls.save(os.path.join(folder.name, f"before-{number}"))
            cls.report = sos.report(os.path.join(folder.name, f"report-{number}", "sosreport-node1"), cls.NAMESPACES)
            later = cls.save(os.path.join(folder.name, f"after-{number}"))
            if all(cls.stable(path) == cls.stable(later[name]) for name, path in cls.live.items()):
                break
        cls.imported = os.path.join(folder.name, "imported.kstate")
        cls.result = subprocess.run([comparison.KSTATE, "snapshot", "import", cls.report, cls.imported], capture_output=True, text=True)

    @classmethod
    def save(cls, folder):
        """A snapshot of each place, by its name."""
        os.mkdir(folder)
        paths = {name: os.path.join(folder, f"{name}.kstate") for name in ("host", *cls.NAMESPACES)}
        for name, path in paths.items():
            place = [] if name == "host" else ["--netns", name]
            subprocess.run([comparison.KSTATE, "snapshot", "save", *place, path], capture_output=True, check=True)
        return paths

    @classmethod
    def stable(cls, path):
        """What the tests compare of a snapshot."""
        return cls.doctor(path)[1], {table: rows for table, rows in imports.facts(path).items() if table != "neighbours"}

    @classmethod
    def doctor(cls, *place):
        result = subprocess.run([comparison.KSTATE, "doctor", "--from", *place, "-o", "json"], capture_output=True, text=True)
        document = json.loads(result.stdout)
        findings = [{name: finding.get(name) for name in cls.FIELDS} for finding in document["findings"]]
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
