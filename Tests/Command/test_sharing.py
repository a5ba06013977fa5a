"""Snapshots that are handed around: redacted, compressed, with names, damaged, and on disks that do not take them."""

import fcntl
import json
import os
import random
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import schemas
from bounded import bound

KSTATE = os.environ["KSTATE"]
NETNS = f"kstate-sharing-{os.getpid()}"
CLIENT = """import socket
for name in ("10.96.0.10", "10.96.0.11"):
    for number in range(3):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.sendto(b"x", (name, 53))
"""
NETWORK = (
    "ip link set lo up", "ip link add acme-uplink type veth peer name d1", "ip addr add 10.244.7.1/24 dev acme-uplink",
    "ip addr add fd12:3456::1/64 dev acme-uplink nodad", "ip link set acme-uplink up", "ip link set d1 up", "ip route add default via 10.244.7.9",
    "ip neigh add 10.244.7.5 lladdr 02:aa:bb:cc:dd:05 dev acme-uplink", "ip neigh add 10.244.7.6 lladdr 02:aa:bb:cc:dd:06 dev acme-uplink",
    "iptables-legacy -t nat -A OUTPUT -d 10.96.0.10 -p udp -j DNAT --to-destination 10.244.7.5:5353",
    "iptables-legacy -t nat -A OUTPUT -d 10.96.0.11 -p udp -j DNAT --to-destination 10.244.7.6:5353")
POD = "coredns-acme-1"


def run(*arguments, **options):
    return subprocess.run([KSTATE, *arguments], capture_output=True, text=True, **options)


def cluster():
    """What kubectl would print of the namespace's services."""
    def item(kind, name, **fields):
        return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "acme-space"}, **fields}
    ports = [{"name": "dns", "protocol": "UDP", "port": 53}]
    return {"apiVersion": "v1", "kind": "List", "items": [
        item("Service", "acme-dns", spec={"type": "ClusterIP", "clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"], "ports": ports, "selector": {"a": "b"}}),
        item("Service", "other", spec={"type": "ClusterIP", "clusterIP": "10.96.0.11", "clusterIPs": ["10.96.0.11"], "ports": ports, "selector": {"a": "b"}}),
        item("Pod", POD, spec={"nodeName": "acme-node"}, status={"phase": "Running", "podIP": "10.244.7.5", "podIPs": [{"ip": "10.244.7.5"}],
             "conditions": [{"type": "Ready", "status": "True"}]})]}


class Sharing(unittest.TestCase):
    """Needs root, as conntrack does."""

    @classmethod
    def setUpClass(cls):
        inside = ["ip", "netns", "exec", NETNS]
        subprocess.run(["ip", "netns", "add", NETNS], check=True)
        cls.addClassCleanup(subprocess.run, ["ip", "netns", "del", NETNS], check=True)
        for words in NETWORK:
            subprocess.run([*inside, *words.split()], check=True)
        subprocess.run([*inside, "python3", "-c", CLIENT], check=True)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.names = os.path.join(folder.name, "names.json")
        with open(cls.names, "w") as file:
            json.dump(cluster(), file)
        cls.plain = os.path.join(folder.name, "plain.kstate")
        result = run("snapshot", "save", cls.plain, "--netns", NETNS, "--kube", cls.names)
        assert result.returncode == 0, result.stderr

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def saved(self, name, *options):
        result = run("snapshot", "save", self.path(name), "--from", self.plain, *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return self.path(name)

    def output(self, *arguments):
        result = run(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    # Redaction

    def test_no_address_and_no_name_is_left(self):
        with sqlite3.connect(self.plain) as database:
            addresses = database.execute("SELECT text, bytes FROM addresses").fetchall()
            links = [number.to_bytes(6, "big") for (number,) in database.execute("SELECT link_address FROM neighbours") if number and number < 1 << 48]
        kept = re.compile(r"0\.0\.0\.0|127\..*|255\.255\.255\.255|224\.0\.0\..*|::1?|ff0[12]::[0-9a-f]{1,4}|ff00::|fe80::")
        secret = [(text, bytes) for text, bytes in addresses if not kept.fullmatch(text)]
        self.assertGreater(len(secret), 5)
        self.assertIn("10.96.0.10", [text for text, _ in secret])
        live = self.path("live.kstate")
        self.assertEqual(run("snapshot", "save", live, "--redact", "--netns", NETNS, "--kube", self.names).returncode, 0)
        for file in (live, self.saved("redacted.kstate", "--redact")):
            with open(file, "rb") as opened:
                content = opened.read()
            for text, raw in secret:
                self.assertIsNone(re.search(rb"(?<![0-9a-f.:])" + re.escape(text.encode()) + rb"(?![0-9a-f.:])", content), text)
                if len(raw) == 16:
                    self.assertNotIn(raw, content, text)
            with sqlite3.connect(file) as database:
                self.assertTrue(all(node.startswith("node-") for (node,) in database.execute("SELECT node FROM places")))
                now = {raw for (raw,) in database.execute("SELECT bytes FROM addresses")}
                numbers = [number.to_bytes(6, "big") for (number,) in database.execute("SELECT link_address FROM neighbours") if number and number < 1 << 48]
            self.assertEqual(now & {raw for _, raw in secret}, set())
            self.assertEqual(set(numbers) & set(links), set())
            for name in ("acme", POD, NETNS, self.plain, os.path.basename(self.plain)):
                self.assertNotIn(name.encode(), content, name)
            self.assertIn("redacted: addresses and names", self.output("snapshot", "info", file))

    def test_a_redacted_file_says_the_same_of_its_connections(self):
        def shape(file):
            document = json.loads(self.output("conn", "--from", file, "-o", "json"))
            numbers = {}
            def name(address):
                return address and (numbers.setdefault(address["address"], len(numbers)), address.get("port"))
            connections = [(name(c["client"]), name(c["service"]), name(c["backend"]), c["conntrack"]["flags"], "service_name" in c)
                           for c in sorted(document["connections"], key=lambda c: c["conntrack"]["id"])]
            services = json.loads(self.output("service", "--from", file, "-o", "json"))["services"]
            verdicts = sorted((s["port"], b["verdict"], json.dumps(b["connections"]), "pod" in b) for s in services for b in s["backends"])
            findings = json.loads(run("doctor", "--from", file, "-o", "json").stdout)["findings"]
            return connections, verdicts, [(finding["rule"], finding["severity"]) for finding in findings]

        redacted = self.saved("redacted.kstate", "--redact")
        self.assertEqual(shape(redacted), shape(self.plain))
        self.assertEqual(len(shape(redacted)[0]), 6)

    def test_a_key_gives_several_files_the_same_names(self):
        key = self.path("key")
        with open(key, "wb") as file:
            file.write(os.urandom(32))
        def addresses(file):
            with sqlite3.connect(file) as database:
                return database.execute("SELECT text FROM addresses ORDER BY address").fetchall() + database.execute("SELECT node FROM places").fetchall()
        one = addresses(self.saved("one.kstate", "--redact", "--key", key))
        self.assertEqual(one, addresses(self.saved("two.kstate", "--redact", "--key", key)))
        self.assertNotEqual(one, addresses(self.saved("three.kstate", "--redact")))
        with open(key, "wb") as file:
            file.write(b"short")
        result = run("snapshot", "save", self.path("four.kstate"), "--from", self.plain, "--redact", "--key", key)
        self.assertEqual(result.returncode, 1)
        self.assertIn("fewer than 16 bytes; make one with head -c 32 /dev/urandom", result.stderr)
        self.assertEqual(run("snapshot", "save", self.path("four.kstate"), "--key", key).returncode, 2)

    # Names

    def test_saved_names_are_those_of_the_file(self):
        for command in (["conn", "-o", "wide"], ["conn", "-o", "json"], ["service", "-o", "json"], ["service"], ["conn", "-o", "csv"], ["doctor", "-o", "json"]):
            with self.subTest(command):
                saved, given = run(*command, "--from", self.plain), run(*command, "--from", self.plain, "--kube", self.names)
                self.assertEqual((saved.stdout, saved.stderr, saved.returncode), (given.stdout, given.stderr, given.returncode))
        self.assertIn("acme-space/acme-dns:dns", self.output("service", "--from", self.plain, "-o", "json"))
        self.assertNotIn("acme-dns", self.output("service", "--from", self.plain, "-o", "json", "--kube", "off"))

    def test_names_go_from_file_to_file(self):
        copy = self.saved("copy.kstate")
        self.assertEqual(self.output("service", "--from", copy, "-o", "json"), self.output("service", "--from", self.plain, "-o", "json"))
        document = json.loads(self.output("snapshot", "info", copy, "-o", "json"))
        self.assertEqual(document["names"], {"services": 2, "endpoints": 0, "pods": 1, "nodes": 0})

    def ask_anew(self):
        """Six entries, and no others, for half a minute."""
        for command in (["conntrack", "-F"], ["python3", "-c", CLIENT]):
            subprocess.run(["ip", "netns", "exec", NETNS, *command], check=True, capture_output=True)

    def test_a_file_of_names_that_cannot_be_read_is_a_failure_and_the_rows_are_shown(self):
        """Where nothing is named, too: whether there are rows is chance."""
        nowhere, broken = self.path("nowhere.json"), self.path("broken.json")
        with open(self.names) as whole, open(broken, "w") as file:
            file.write(whole.read()[:-40])
        self.ask_anew()
        for names, reason in ((nowhere, "No such file or directory"), (broken, "it is truncated")):
            for command in (["conn", "-o", "jsonl"], ["conn", "--count"], ["conn", "--port", "1"], ["service"], ["doctor", "--port", "1", "--samples", "1"]):
                for source in (["--from", self.plain], ["--netns", NETNS]):
                    with self.subTest(names, command=command, source=source):
                        without, result = run(*command, *source, "--kube", "off"), run(*command, *source, "--kube", names)
                        self.assertEqual(without.returncode, 0, without.stderr)
                        self.assertEqual(result.returncode, 1)
                        if command[0] != "doctor":  # which says other things with names
                            self.assertEqual(len(result.stdout.splitlines()), len(without.stdout.splitlines()))
                        self.assertEqual(result.stderr.count(f"kstate: reading names from {names}: {reason}"), 1, result.stderr)
            result = run("snapshot", "save", self.path("saved.kstate"), "--netns", NETNS, "--kube", names)
            self.assertEqual((result.returncode, result.stderr.count(reason)), (1, 1), result.stderr)
            self.assertEqual(self.output("conn", "--from", self.path("saved.kstate"), "--count"), "6\n")

    def test_a_watch_without_the_names_that_were_asked_for_ends_as_a_failure(self):
        for command in ("conn", "service"):
            for names, status in ((self.path("nowhere.json"), 1), (self.names, 0)):
                with self.subTest(command, names=names):
                    self.ask_anew()
                    watch = bound(self, subprocess.Popen(
                        [KSTATE, command, "--watch", "-o", "jsonl", "--netns", NETNS, "--kube", names], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
                    self.assertIn("10.96.0.1", watch.stdout.readline())
                    watch.terminate()
                    errors = watch.communicate(timeout=60)[1]
                    self.assertEqual((watch.returncode, errors.count("reading names from")), (status, status), errors)

    # Compression

    def test_a_compressed_file_is_read_as_it_is(self):
        packed = self.saved("packed.kstate", "--compress")
        with open(packed, "rb") as file:
            self.assertEqual(file.read(4), b"\x28\xb5\x2f\xfd")
        self.assertLess(os.path.getsize(packed), os.path.getsize(self.plain) // 2)
        self.assertEqual(os.stat(packed).st_mode & 0o777, 0o600)
        temporary = self.path("temporary")
        os.mkdir(temporary)
        environment = {**os.environ, "TMPDIR": temporary}
        for command in (["conn", "-o", "json"], ["service"], ["doctor", "-o", "json"]):
            packed_result, plain = run(*command, "--from", packed, env=environment), run(*command, "--from", self.plain)
            self.assertEqual((packed_result.stdout, packed_result.returncode), (plain.stdout, plain.returncode), command)
        self.assertIn("compressed: zstd", self.output("snapshot", "info", packed))
        self.assertIn("0 new, 0 ended, 0 changed", self.output("snapshot", "diff", packed, self.plain))
        self.assertEqual(os.listdir(temporary), [])
        self.assertEqual(sorted(os.listdir(self.folder)), ["packed.kstate", "temporary"])

    def test_no_room_to_decompress(self):
        packed = self.saved("packed.kstate", "--compress")
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        temporary = self.path("temporary")
        os.mkdir(temporary)
        result = run("conn", "--from", packed, preexec_fn=limit, env={**os.environ, "TMPDIR": temporary})
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"decompressing to {temporary}: File too large", result.stderr)
        self.assertEqual(os.listdir(temporary), [])
        result = run("conn", "--from", packed, env={**os.environ, "TMPDIR": "/proc/absent"})
        self.assertEqual(result.returncode, 1)
        self.assertIn("name another directory in TMPDIR", result.stderr)

    # Damage

    def test_flipped_bits_are_told_or_do_not_matter(self):
        dice = random.Random(5)
        expected = self.output("conn", "--from", self.plain, "-o", "json")
        for file in (self.plain, self.saved("packed.kstate", "--compress")):
            with open(file, "rb") as opened:
                good = opened.read()
            for _ in range(40):
                content = bytearray(good)
                content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
                with open(self.path("flipped"), "wb") as opened:
                    opened.write(content)
                result = run("conn", "--from", self.path("flipped"), "-o", "json")
                self.assertIn(result.returncode, (0, 1), result.stderr)
                if result.returncode == 0:
                    self.assertEqual(result.stdout, expected)
                else:
                    self.assertIn(self.path("flipped"), result.stderr)

    def test_verify_tells_a_flipped_counter(self):
        self.assertIn("verified: every byte is as it was written", self.output("snapshot", "info", "--verify", self.plain))
        copy = self.saved("copy.kstate")
        with sqlite3.connect(copy) as database:
            database.execute("UPDATE conntrack SET timeout = timeout + 1 WHERE entry = 1")
        result = run("snapshot", "info", "--verify", copy)
        self.assertEqual(result.returncode, 1)
        self.assertIn("its checksum is wrong", result.stderr)
        self.assertEqual(run("snapshot", "info", copy).returncode, 0)

    def test_a_file_of_before_checksums_is_read(self):
        copy = self.saved("copy.kstate")
        with open(copy, "r+b") as file:
            file.truncate(os.path.getsize(copy) - 16)
        result = run("conn", "--from", copy)
        self.assertEqual(result.returncode, 1)
        self.assertIn("cut short", result.stderr)
        with sqlite3.connect(copy) as database:
            database.execute("DELETE FROM snapshot WHERE name = 'checksum'")
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE name LIKE 'kube_%'").fetchall():
                database.execute(f"DROP TABLE {table}")
        self.assertEqual(run("conn", "--from", copy).returncode, 0)
        self.assertIn("the file has no checksum", self.output("snapshot", "info", "--verify", copy))

    # Schemas

    def test_info_and_diff_fit_their_schemas(self):
        info = schemas.validator("kstate.snapshot-1.schema.json")
        for file in (self.plain, self.saved("redacted.kstate", "--redact", "--compress")):
            for options in ([], ["--verify"]):
                document = json.loads(self.output("snapshot", "info", file, "-o", "json", *options))
                info.validate(document)
                self.assertEqual(document.get("intact"), True if options else None)
        self.assertEqual(document["compressed"], True)
        self.assertIn("redacted", document["notes"])
        difference = schemas.validator("kstate.diff-1.schema.json")
        changed = self.saved("changed.kstate")
        with sqlite3.connect(changed) as database:
            database.execute("UPDATE conntrack SET status = status | 2 WHERE entry = 1")
            database.execute("DELETE FROM conntrack WHERE entry = 2")
            database.execute("UPDATE conntrack SET original_source_port = 7 WHERE entry = 3")
            database.execute("UPDATE sysctls SET value = '7' WHERE name = 'net.netfilter.nf_conntrack_max'")
        with open(changed, "r+b") as file:
            file.truncate(os.path.getsize(changed) - os.path.getsize(changed) % 4096)
        with sqlite3.connect(changed) as database:
            database.execute("DELETE FROM snapshot WHERE name = 'checksum'")
        document = json.loads(self.output("snapshot", "diff", self.plain, changed, "-o", "json"))
        difference.validate(document)
        self.assertEqual(document["counts"], {"new": 1, "ended": 2, "changed": 1})
        self.assertEqual(document["places"][0]["sysctls"][0]["after"], "7")

    # Disks

    def test_a_disk_that_fills_up_leaves_what_was_there(self):
        target = self.saved("a.kstate")
        with open(target, "rb") as file:
            before = file.read()
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        for options in ([], ["--compress"]):
            result = run("snapshot", "save", target, "--from", self.plain, *options, preexec_fn=limit)
            self.assertEqual(result.returncode, 1)
            self.assertIn(target, result.stderr)
            with open(target, "rb") as file:
                self.assertEqual(file.read(), before)
            self.assertEqual(os.listdir(self.folder), ["a.kstate"])

    def test_a_full_and_a_read_only_disk(self):
        packed = self.saved("packed.kstate", "--compress")
        script = """set -e
            mkdir "$1/disk"
            mount -t tmpfs -o size=32k tmpfs "$1/disk"
            "$KSTATE" snapshot save "$1/disk/a.kstate" --from "$2" && exit 9 || test $? = 1
            ls -A "$1/disk"
            TMPDIR="$1/disk" "$KSTATE" conn --from "$3" && exit 9 || test $? = 1
            ls -A "$1/disk"
            mount -o remount,ro "$1/disk"
            "$KSTATE" snapshot save "$1/disk/a.kstate" --from "$2" && exit 9 || test $? = 1"""
        result = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", self.folder, self.plain, packed], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertIn("No space left on device; make room, or save to another disk", result.stderr)
        self.assertIn("; make room there, or name another directory in TMPDIR", result.stderr)
        self.assertIn("Read-only file system", result.stderr)

    def test_a_report_on_a_full_disk(self):
        for arguments in (["info", self.plain], ["info", self.plain, "-o", "json"], ["diff", self.plain, self.plain]):
            with self.subTest(arguments), open("/dev/full", "w") as full:
                result = subprocess.run([KSTATE, "snapshot", *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertEqual(result.returncode, 1)
                self.assertIn("No space left on device", result.stderr)

    def test_two_writers(self):
        target = self.path("a.kstate")
        with open(self.path(".a.kstate.partial"), "w") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            result = run("snapshot", "save", target, "--from", self.plain)
        self.assertEqual(result.returncode, 1)
        self.assertIn("another kstate is writing it", result.stderr)
        self.assertFalse(os.path.exists(target))


if __name__ == "__main__":
    unittest.main()
