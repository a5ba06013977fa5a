"""Snapshot files, as the command line writes, reads and refuses them."""

import json
import os
import re
import sqlite3
import stat
import subprocess
import tempfile
import unittest

KSTATE = os.environ["KSTATE"]
QUERIES = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "docs", "snapshot.md")


def run(*arguments, **options):
    return subprocess.run([KSTATE, *arguments], capture_output=True, text=True, **options)


class Snapshot(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.file = os.path.join(folder.name, "a.kstate")

    def save(self):
        result = run("snapshot", "save", self.file)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_saved_file_is_private_and_alone(self):
        self.save()
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        self.assertEqual(os.listdir(self.folder), ["a.kstate"])
        self.assertIn("conntrack: complete", run("snapshot", "info", self.file).stdout)

    def test_every_format_reads_a_file(self):
        self.save()
        for form in ("table", "wide", "json", "jsonl", "csv", "conntrack"):
            self.assertEqual(run("conn", "--from", self.file, "-o", form).returncode, 0, form)
        self.assertEqual(run("service", "--from", self.file).returncode, 0)

    def test_the_documented_queries_answer(self):
        self.save()
        with open(QUERIES) as page:
            queries = re.findall(r"```sql\n(.*?)```", page.read(), re.S)
        self.assertEqual(len(queries), 3)
        with sqlite3.connect(self.file) as database:
            for query in queries:
                database.execute(query).fetchall()
            for view in ("conntrack_entries", "conntrack_events", "ipvs_connections", "service_backends", "connections"):
                database.execute(f"SELECT * FROM {view}").fetchall()

    def test_nothing_differs_from_itself(self):
        self.save()
        document = json.loads(run("snapshot", "diff", self.file, self.file, "-o", "json").stdout)
        self.assertEqual(document["counts"], {"new": 0, "ended": 0, "changed": 0})
        self.assertEqual(run("snapshot", "diff", self.file, self.file).stdout, "0 new, 0 ended, 0 changed connections\n")

    def test_what_is_no_snapshot_is_refused_in_words(self):
        other = os.path.join(self.folder, "other")
        for content in (b"", b"tcp 6 431999\n", b"SQLite format 3\0" + bytes(4_000)):
            with open(other, "wb") as file:
                file.write(content)
            result = run("conn", "--from", other)
            self.assertEqual(result.returncode, 1, content)
            self.assertIn(other, result.stderr)
        result = run("conn", "--from", os.path.join(self.folder, "absent"))
        self.assertEqual(result.returncode, 1)

    def test_a_locked_file_is_waited_for_and_then_named(self):
        self.save()
        with sqlite3.connect(self.file, isolation_level=None) as database:
            database.execute("BEGIN EXCLUSIVE")
            result = run("conn", "--from", self.file)
        self.assertEqual(result.returncode, 1)
        self.assertIn("another program has locked it", result.stderr)

    def test_places_that_take_no_file(self):
        for path in ("/dev/full", self.folder, os.path.join(self.folder, "no/a.kstate"), "/proc/a.kstate"):
            result = run("snapshot", "save", path)
            self.assertEqual(result.returncode, 1, path)
            self.assertIn(path, result.stderr)

    def test_standard_output_is_no_file(self):
        result = run("snapshot", "save", "-", cwd=self.folder)
        self.assertEqual((result.returncode, result.stdout, os.listdir(self.folder)), (1, "", []))
        self.assertIn("give its name, or ./- for one that is called so", result.stderr)
        self.assertEqual(run("snapshot", "save", "./-", cwd=self.folder).returncode, 0)
        self.assertEqual(run("conn", "--from", "-", cwd=self.folder).returncode, 0)

    def test_a_symbolic_link_stays_one(self):
        link = os.path.join(self.folder, "latest.kstate")
        os.symlink("a.kstate", link)
        result = run("snapshot", "save", link)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"writing {link}: it is a symbolic link to a file that is not there; give the name of the file itself", result.stderr)
        self.assertEqual(os.listdir(self.folder), ["latest.kstate"])
        self.save()
        os.chmod(self.file, 0o644)
        before = os.stat(self.file).st_ino
        self.assertEqual(run("snapshot", "save", link).returncode, 0)
        self.assertEqual(os.readlink(link), "a.kstate")
        self.assertNotEqual(os.stat(self.file).st_ino, before)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        self.assertEqual(sorted(os.listdir(self.folder)), ["a.kstate", "latest.kstate"])

    def test_a_later_format_is_named_whatever_its_checksum(self):
        self.save()
        with sqlite3.connect(self.file) as database:
            database.execute("PRAGMA user_version = 9")
        for arguments in (["conn", "--from"], ["service", "--from"], ["doctor", "--from"], ["snapshot", "info"], ["snapshot", "info", "--verify"]):
            result = run(*arguments, self.file)
            self.assertEqual(result.returncode, 1, arguments)
            self.assertIn(f"reading {self.file}: a later kstate wrote it, in format 9, and this one reads up to 1", result.stderr, arguments)

    def test_bad_usage(self):
        self.save()
        for arguments in (["conn", "--from", self.file, "--watch"], ["conn", "--from", self.file, "--all-netns"],
                          ["conn", "--from", self.file, "--pid", "1"], ["snapshot", "save"], ["snapshot", "diff", self.file]):
            self.assertEqual(run(*arguments).returncode, 2, arguments)

    def test_a_directory_of_snapshots_names_what_to_give(self):
        self.save()
        result = run("conn", "--from", self.folder)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"it is no recorder's directory, and holds 1 snapshot; give the files themselves: --from {self.file}\n", result.stderr)
        # Among texts it is passed over, which is said.
        with open(os.path.join(self.folder, "settings"), "w") as file:
            file.write("net.ipv4.ip_forward = 1\nnet.core.somaxconn = 4096\n")
        for arguments in (["conn", "--from", self.folder], ["snapshot", "import", self.folder, os.path.join(self.folder, "b.kstate")]):
            self.assertIn(f"note: {self.file} is a snapshot and no text, and passed over", run(*arguments).stderr)

    def test_facts_that_are_incomplete_have_a_reason(self):
        self.save()
        facts = re.search(r"^  facts: (.*), in ", run("snapshot", "info", self.file).stdout, re.M)[1]
        self.assertRegex(facts, r"^(complete|INCOMPLETE: .+)$")
        self.assertNotIn("not loaded", facts)

    def test_a_table_that_was_refused_on_one_node_is_incomplete_over_all(self):
        self.save()
        refused = os.path.join(self.folder, "refused.kstate")
        os.chmod(self.folder, 0o777)  # whoever has no rights writes there too
        saving = subprocess.run(
            ["unshare", "--uts", "bash", "-c", "hostname elsewhere && exec setpriv --reuid 65534 --clear-groups \"$0\" snapshot save \"$1\"", KSTATE, refused],
            capture_output=True, text=True)
        self.assertEqual(saving.returncode, 1, saving.stderr)
        whole = json.loads(run("conn", "--from", self.file, "-o", "json").stdout)
        for files in ((self.file, refused), (refused, self.file)):
            for command in ("conn", "service"):
                with self.subTest(command, files=files):
                    result = run(command, "--from", files[0], "--from", files[1], "-o", "json")
                    self.assertEqual(result.returncode, 1)
                    self.assertRegex(result.stderr, r"(?m)^kstate: elsewhere, \S+: .*conntrack.*CAP_NET_ADMIN")
                    coverage = json.loads(result.stdout)["tables"]["conntrack"]
                    self.assertEqual((coverage["available"], coverage["complete"], coverage["read"]), (True, False, whole["tables"]["conntrack"]["read"]))

    def test_a_namespace_that_was_not_saved(self):
        self.save()
        result = run("conn", "--from", self.file, "--netns", "elsewhere")
        self.assertEqual(result.returncode, 1)
        self.assertIn("it was not saved", result.stderr)


if __name__ == "__main__":
    unittest.main()
