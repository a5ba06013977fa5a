"""Processes and namespaces that end while they are read, names with control characters, closed pipes and full disks under a watch."""

import array
import csv
import fcntl
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
from bounded import bound

KSTATE = os.environ["KSTATE"]
NETNS = f"kstate-bad-{os.getpid()}"
CLIENT = 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.2", 53))'
# So many entries that their lines are longer than a pipe.
CLIENTS = 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); [s.sendto(b"x", ("127.0.0.2", 1000 + n)) for n in range(200)]'


def run(*arguments, **options):
    return subprocess.run([KSTATE, *arguments], capture_output=True, text=True, timeout=120, **options)


def namespace_with_an_entry(test, name):
    subprocess.run(["ip", "netns", "add", name], check=True)
    test.addClassCleanup(subprocess.run, ["ip", "netns", "del", name], check=True)
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    inside = ["ip", "netns", "exec", name]
    subprocess.run([*inside, "iptables-legacy", "-A", "OUTPUT", "-m", "conntrack", "--ctstate", "NEW", "-j", "ACCEPT"], check=True)
    return inside


class Ending(unittest.TestCase):
    """Whatever ends meanwhile: a reading or a reason, never a crash."""

    def check(self, result):
        self.assertIn(result.returncode, (0, 1), result.stderr)
        self.assertNotIn("atal error", result.stderr)
        if result.returncode == 1:
            self.assertRegex(result.stderr, "(?m)^kstate: .+: .+")

    def test_processes_that_end(self):
        for round in range(40):
            process = subprocess.Popen(["unshare", "-n", "sleep", f"0.0{round:02}"])
            self.check(run("conn", "--pid", str(process.pid), "-o", "jsonl"))
            process.wait()

    def test_namespaces_that_come_and_go(self):
        churn = subprocess.Popen(
            ["bash", "-c", "while kill -0 $PPID; do unshare -n true & ip netns add $0; unshare -n sleep 0.02 & ip netns del $0; wait; done",
             f"{NETNS}-churn"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for command in (["conn", "-o", "jsonl"], ["service", "-o", "json"]):
                for _ in range(6):
                    self.check(run(*command, "--all-netns"))
        finally:
            churn.terminate()
            churn.wait()
            subprocess.run(["ip", "netns", "del", f"{NETNS}-churn"], capture_output=True)


class ManyNamespaces(unittest.TestCase):
    def test_more_of_them_than_the_soft_limit_of_open_files(self):
        names = [f"{NETNS}-many-{number}" for number in range(12)]
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
            self.addCleanup(subprocess.run, ["ip", "netns", "del", name], check=True)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        watch = bound(self, subprocess.Popen(
            [KSTATE, "conn", "--watch", "-o", "jsonl", "--all-netns"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, hard))))
        listed = set()
        for line in watch.stdout:
            event = json.loads(line)
            if event["event"] == "resync" and event["tables"]["conntrack"]["complete"]:
                listed.add(event["namespace"]["name"])
            if listed >= set(names):
                break
        watch.terminate()
        errors = watch.communicate(timeout=60)[1]
        self.assertEqual((watch.returncode, set(names) - listed), (0, set()), errors)
        # Those that cannot be opened at all are not passed over.
        result = run("conn", "--all-netns", "--count", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12)))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("Too many open files", result.stderr)


class ControlCharacters(unittest.TestCase):
    """A namespace's name that would recolour the terminal and ring its bell."""

    @classmethod
    def setUpClass(cls):
        inside = namespace_with_an_entry(cls, NETNS)
        subprocess.run([*inside, "python3", "-c", CLIENT], check=True)
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.path = os.path.join(directory.name, "a\x1b[31m\nb\x07")
        os.symlink(f"/run/netns/{NETNS}", cls.path)

    def assert_clean(self, text, allowed="\n"):
        self.assertEqual([character for character in text if (ord(character) < 32 or ord(character) == 127) and character not in allowed], [])

    def test_tables_and_json(self):
        for command in ("conn", "service"):
            for form in ("table", "json", "jsonl"):
                with self.subTest(command=command, form=form):
                    result = run(command, "--netns", self.path, "--netns", f"/run/netns/{NETNS}", "-o", form)
                    self.assertEqual(result.returncode, 0, result.stderr)
                    self.assert_clean(result.stdout)
                    self.assert_clean(result.stderr)

    def test_json_keeps_the_name(self):
        document = json.loads(run("conn", "--netns", self.path, "-o", "json").stdout)
        self.assertIn(self.path, json.dumps(document, ensure_ascii=False).encode().decode("unicode_escape"))

    def test_csv_has_a_row_a_connection(self):
        output = run("conn", "--netns", self.path, "-o", "csv").stdout
        self.assertNotIn("\x1b", output)
        rows = list(csv.reader(io.StringIO(output)))
        self.assertEqual({len(row) for row in rows}, {len(rows[0])})

    def test_a_name_that_is_not_there(self):
        result = run("conn", "--netns", "no\x1b[31msuch")
        self.assertEqual(result.returncode, 1)
        self.assert_clean(result.stderr)

    def test_a_watch_s_lines(self):
        watch = bound(self, subprocess.Popen([KSTATE, "conn", "--netns", self.path, "--watch"], stdout=subprocess.PIPE, text=True))
        output = watch.stdout.readline()
        watch.send_signal(signal.SIGINT)
        output += watch.stdout.read()
        watch.stdout.close()
        self.assertEqual(watch.wait(60), 0)
        self.assertNotEqual(output, "")
        self.assert_clean(output)


class Output(unittest.TestCase):
    WATCHES = (["conn", "--watch", "-o", "jsonl"], ["service", "--watch", "-o", "jsonl", "--interval", "1"])

    @classmethod
    def setUpClass(cls):
        cls.inside = namespace_with_an_entry(cls, NETNS)

    def test_a_full_disk(self):
        for arguments in (*self.WATCHES, ["service"], ["doctor", "--samples", "1"], ["doctor", "--samples", "1", "-o", "json"]):
            with self.subTest(arguments), open("/dev/full", "w") as full:
                result = subprocess.run([KSTATE, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
                self.assertEqual(result.returncode, 1)
                self.assertEqual(result.stderr.count("No space left on device"), 1, result.stderr)

    def test_a_signal_ends_a_watch_whose_lines_nobody_takes(self):
        for arguments in (self.WATCHES[0], ["service", "--watch", "-o", "jsonl", "--interval", "0.1"]):
            for number in (signal.SIGTERM, signal.SIGINT):
                with self.subTest(arguments, signal=number):
                    watch, _ = self.stuck(*arguments)
                    watch.send_signal(number)
                    watch.wait(20)
                    self.assertEqual((watch.returncode, watch.stderr.read()), (0, ""))

    def stuck(self, *arguments):
        """A watch whose reader has stopped, and the reader's end of the full pipe."""
        subprocess.run([*self.inside, "python3", "-c", CLIENTS], check=True)
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        watch = subprocess.Popen([KSTATE, *arguments, "--netns", NETNS], stdout=writer, stderr=subprocess.PIPE, text=True)
        os.close(writer)
        self.addCleanup(watch.stderr.close)
        self.addCleanup(lambda: watch.poll() is None and (watch.kill(), watch.wait()))
        self.wait_until_full(reader)
        return watch, reader

    def test_a_signal_ends_a_watch_however_much_it_has_to_tell_and_after_a_whole_line(self):
        watch, reader = self.stuck(*self.WATCHES[0])
        # These wait in the socket for whoever goes on: a megabyte of lines.
        subprocess.run([*self.inside, "python3", "-c", CLIENTS.replace("range(200)", "range(3000)")], check=True)
        watch.terminate()
        started = time.monotonic()
        self.assertEqual((watch.wait(60), watch.stderr.read()), (0, ""))
        self.assertLess(time.monotonic() - started, 6)
        text = b"".join(iter(lambda: os.read(reader, 65536), b"")).decode()
        self.assertTrue(text.endswith("}\n"), text[-200:])
        for line in text.splitlines():
            json.loads(line)

    def test_a_pipeline_that_is_stopped_stops_although_its_reader_is_stopped_first(self):
        watch, _ = self.stuck(*self.WATCHES[0])
        for _ in range(2):
            watch.send_signal(signal.SIGTSTP)
            self.wait_for_state(watch.pid, "T")
            watch.send_signal(signal.SIGCONT)
            self.wait_for_state(watch.pid, "S")
        watch.terminate()
        self.assertEqual((watch.wait(60), watch.stderr.read()), (0, ""))

    def wait_for_state(self, process, state):
        end = time.monotonic() + 60
        while True:
            with open(f"/proc/{process}/stat") as file:
                now = file.read().rpartition(")")[2].split()[0]
            if now == state:
                return
            self.assertLess(time.monotonic(), end, f"the process stays in the state {now}")
            time.sleep(0.05)

    def wait_until_full(self, reader):
        """Until something waits in the pipe, and for a second nothing more has come."""
        before, waiting, end = 0, array.array("i", [0]), time.monotonic() + 120
        while waiting[0] == 0 or waiting[0] != before:
            self.assertLess(time.monotonic(), end, "the watch writes nothing")
            before = waiting[0]
            time.sleep(1)
            fcntl.ioctl(reader, termios.FIONREAD, waiting)

    def test_a_closed_pipe_ends_a_watch_quietly(self):
        for arguments in self.WATCHES:
            with self.subTest(arguments):
                watch = bound(self, subprocess.Popen(
                    [KSTATE, *arguments, "--netns", NETNS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
                self.assertNotEqual(watch.stdout.readline(), "")
                watch.stdout.close()
                watch.wait(120)  # although nothing happens that it would have to write about
                self.assertEqual(watch.returncode, 0)
                self.assertNotIn("pipe", watch.stderr.read())
                watch.stderr.close()

    def test_a_watch_at_rest_takes_next_to_no_time(self):
        for table in ([], ["--table", "ipvs"], ["--table", "conntrack"]):
            with self.subTest(table):
                watch = subprocess.Popen([KSTATE, "conn", "--watch", "-o", "jsonl", "--netns", NETNS, *table], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(3)
                watch.send_signal(signal.SIGINT)
                _, status, usage = os.wait4(watch.pid, 0)
                watch.returncode = os.waitstatus_to_exitcode(status)
                self.assertEqual(watch.returncode, 0)
                self.assertLess(usage.ru_utime + usage.ru_stime, 0.5)


if __name__ == "__main__":
    unittest.main()
