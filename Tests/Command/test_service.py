"""kstate service as a user meets it: wrong words, formats, the schema, narrow terminals, a watch into a pipe."""

import csv
import fcntl
import io
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
from bounded import bound

KSTATE = os.environ["KSTATE"]
SCHEMAS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "docs", "schema")
NETNS = f"kstate-service-{os.getpid()}"
CLIENT = """import socket
for number in range(3):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.sendto(b"x", ("10.96.0.10", 53))
"""


def run(*arguments, **options):
    return subprocess.run([KSTATE, "service", *arguments], capture_output=True, text=True, **options)


def schema():
    with open(os.path.join(SCHEMAS, "kstate.services-1.schema.json")) as file:
        return json.load(file)


class BadUsage(unittest.TestCase):
    CASES = {
        ("-o", "conntrack"): "kstate conn", ("--sort", "client"): "verdict", ("--limit", "0"): "above 0", ("--watch", "--count"): "does not go",
        ("--watch", "-o", "csv"): "exclude each other", ("--watch", "-o", "json"): "exclude each other", ("--interval", "0"): "0.1 to 86400",
        ("--port", "0"): "1 to 65535", ("--columns", "client"): "Unknown option",
    }

    def test_each(self):
        for arguments, message in self.CASES.items():
            with self.subTest(arguments):
                result = run(*arguments)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(message, result.stderr)
                self.assertEqual(result.stdout, "")


class Services(unittest.TestCase):
    """One DNS service of which nothing answers, in a namespace of its own. Needs root, as conntrack does."""

    @classmethod
    def setUpClass(cls):
        inside = ["ip", "netns", "exec", NETNS]
        subprocess.run(["ip", "netns", "add", NETNS], check=True)
        cls.addClassCleanup(subprocess.run, ["ip", "netns", "del", NETNS], check=True)
        for words in ("ip link set lo up", "ip link add d0 type veth peer name d1", "ip addr add 10.244.0.1/24 dev d0", "ip link set d0 up", "ip link set d1 up",
                      "ip route add default via 10.244.0.9", "ip neigh add 10.244.0.5 lladdr 02:00:00:00:00:05 dev d0",
                      "iptables-legacy -t nat -A OUTPUT -d 10.96.0.10 -p udp -j DNAT --to-destination 10.244.0.5:5353"):
            subprocess.run(inside + words.split(), check=True)

    def setUp(self):
        inside = ["ip", "netns", "exec", NETNS]
        subprocess.run(inside + ["conntrack", "-F"], check=True, capture_output=True)
        subprocess.run(inside + ["python3", "-c", CLIENT], check=True)

    def services(self, *arguments):
        return json.loads(run("--netns", NETNS, "-o", "json", *arguments).stdout)["services"]

    def test_the_document_fits_its_schema(self):
        import jsonschema
        jsonschema.validate(json.loads(run("--netns", NETNS, "-o", "json").stdout), schema())
        jsonschema.validate(json.loads(run("--all-netns", "-o", "json").stdout), schema())

    def test_the_fields(self):
        service, = self.services("--port", "53")
        self.assertEqual((service["protocol"], service["address"], service["port"], service["sources"]), ("udp", "10.96.0.10", 53, ["conntrack"]))
        backend, = service["backends"]
        self.assertEqual((backend["address"], backend["port"], backend["verdict"]), ("10.244.0.5", 5353, "silent"))
        self.assertEqual(backend["connections"], {"ipvs": {}, "conntrack": {"UNREPLIED": 3}})
        self.assertEqual((backend["unreplied"], backend["connection_count"]), (3, 3))
        self.assertTrue(backend["evidence"].startswith("3 of 3 connections unreplied"))

    def test_filters(self):
        self.assertEqual(len(self.services("--unreplied", "--backend", "10.244.0.0/24:5353", "--service", ":53", "--protocol", "udp")), 1)
        self.assertEqual(self.services("--port", "54"), [])
        self.assertEqual(self.services("--state", "ESTABLISHED"), [])
        self.assertEqual(self.services("--state", "REPLIED"), [])
        self.assertEqual(len(self.services("--state", "unreplied", "--sort", "-unreplied")), 1)
        self.assertEqual(self.services("--client", "10.9.9.9"), [])

    def test_other_formats(self):
        line, = run("--netns", NETNS, "-o", "jsonl").stdout.splitlines()
        self.assertEqual(json.loads(line)["port"], 53)
        record, = csv.DictReader(io.StringIO(run("--netns", NETNS, "-o", "csv").stdout))
        self.assertEqual((record["service"], record["backend"], record["verdict"], record["unreplied"]), ("10.96.0.10:53", "10.244.0.5:5353", "silent", "3"))
        table = run("--netns", NETNS).stdout.splitlines()
        self.assertTrue(table[1].startswith("udp 10.96.0.10:53"))
        self.assertRegex(table[2], "^└ 10.244.0.5:5353 +silent +3 +3 ")
        self.assertEqual(len(run("--netns", NETNS, "--no-header", "-o", "wide").stdout.splitlines()), 2)
        self.assertEqual(run("--netns", NETNS, "--count").stdout, "1\n")

    def test_narrow_terminals(self):
        for columns in (20, 40, 80):
            ours, theirs = pty.openpty()
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            process = subprocess.Popen(
                [KSTATE, "service", "--netns", NETNS], stdout=theirs, stderr=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"})
            os.close(theirs)
            output = b""
            while True:
                try:
                    output += os.read(ours, 4096)
                except OSError:
                    break
            process.wait()
            os.close(ours)
            lines = output.decode().splitlines()
            self.assertEqual(len(lines), 3)
            for line in lines:
                self.assertLessEqual(len(line), columns)

    def test_a_full_disk(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([KSTATE, "service", "-o", "json"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("No space left on device", result.stderr)

    def test_a_watch_writes_documents_with_rates(self):
        import jsonschema
        watch = bound(self, subprocess.Popen(
            [KSTATE, "service", "--netns", NETNS, "--watch", "-o", "jsonl", "--interval", "1"], stdout=subprocess.PIPE, text=True))
        first = json.loads(watch.stdout.readline())
        self.assertNotIn("interval_s", first)
        subprocess.run(["ip", "netns", "exec", NETNS, "python3", "-c", CLIENT], check=True)
        begun = 0
        for _ in range(20):
            document = json.loads(watch.stdout.readline())
            jsonschema.validate(document, schema())
            begun += sum(round(backend["rates"]["new"] * document["interval_s"]) for service in document["services"] for backend in service["backends"])
            if begun >= 3:
                break
        self.assertEqual(begun, 3)
        watch.send_signal(signal.SIGINT)
        watch.communicate(timeout=20)
        self.assertEqual(watch.returncode, 0)

    def test_a_watch_into_a_pipe_tells_new_verdicts(self):
        watch = bound(self, subprocess.Popen(
            [KSTATE, "service", "--netns", NETNS, "--watch"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
        self.assertRegex(watch.stdout.readline(), r"Z silent udp 10.96.0.10:53 -> 10.244.0.5:5353  3 of 3|Z silent udp .* 6 of 6")
        subprocess.run(["ip", "netns", "exec", NETNS, "conntrack", "-F"], check=True, capture_output=True)
        # Its connections' ends are news of it for one look more.
        news = watch.stdout.readline() + watch.stdout.readline()
        self.assertRegex(news, r"Z idle \(was silent\) udp .*\n.*Z gone \(was idle\) udp 10.96.0.10:53 -> 10.244.0.5:5353\n$")
        watch.send_signal(signal.SIGINT)
        watch.communicate(timeout=20)


if __name__ == "__main__":
    unittest.main()
