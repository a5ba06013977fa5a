"""A system call fails under a watch or a recorder, as strace makes it: it says so, and goes on with what it did."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
from bounded import bound
from test_bad_days import CLIENT, namespace_with_an_entry

KSTATE = os.environ["KSTATE"]
NETNS = f"kstate-failing-{os.getpid()}"


class Failing(unittest.TestCase):
    port = 1_000

    @classmethod
    def setUpClass(cls):
        cls.inside = namespace_with_an_entry(cls, NETNS)

    def start(self, *arguments, **options):
        process = bound(self, subprocess.Popen([KSTATE, *arguments, "--netns", NETNS], stderr=subprocess.PIPE, text=True, **options))
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        self.addCleanup(process.stderr.close)
        return process

    def make_fail(self, process, call, which="1"):
        """Lets the next `call` of `process`, or those that `which` counts, fail with EIO."""
        strace = subprocess.Popen(
            ["strace", "-qq", "-p", str(process.pid), "-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={which}"],
            stderr=subprocess.PIPE, text=True)
        self.addCleanup(strace.stderr.close)
        self.addCleanup(lambda: (strace.terminate(), strace.wait()))
        failed = threading.Event()

        def follow():
            for line in strace.stderr:
                if "(INJECTED)" in line:
                    failed.set()
        threading.Thread(target=follow, daemon=True).start()
        return failed

    def test_a_watch_hears_again_after_its_events_failed(self):
        watch = self.start("conn", "--watch", "-o", "jsonl", "--table", "conntrack", stdout=subprocess.PIPE)
        self.addCleanup(watch.stdout.close)

        def next_event(kind):
            for line in watch.stdout:
                event = json.loads(line)
                if event["event"] == kind:
                    return event
            self.fail(f"the watch ended: {watch.stderr.read()}")
        self.assertTrue(next_event("resync")["tables"]["conntrack"]["complete"])
        failed = self.make_fail(watch, "recvfrom")
        told = next_event("resync")["tables"]["conntrack"]
        self.assertTrue(failed.wait(10))
        self.assertFalse(told["available"])
        self.assertIn("Input/output error", told["reason"])
        self.assertTrue(next_event("resync")["tables"]["conntrack"]["complete"])
        self.send_until(threading.Event(), 1)
        self.assertEqual(next_event("new")["connection"]["backend"]["port"], self.port)
        watch.send_signal(signal.SIGTERM)
        self.assertEqual(watch.wait(60), 0)

    def test_a_recorder_says_that_events_failed_and_samples_at_once(self):
        with tempfile.TemporaryDirectory() as folder:
            ring = os.path.join(folder, "ring")
            recorder = self.start("record", ring, "--every", "1h")

            def info():
                return subprocess.run([KSTATE, "snapshot", "info", ring], capture_output=True, text=True).stdout

            def wait_for(text):
                end = time.monotonic() + 60
                while text not in info():
                    self.assertIsNone(recorder.poll())
                    self.assertLess(time.monotonic(), end, info())
                    time.sleep(0.1)
            wait_for("1 samples, 0 events\n")
            failed = self.make_fail(recorder, "recvfrom")
            self.send_until(failed)
            wait_for("2 samples, 1 events, 1 LOST\n")
            self.send_until(threading.Event(), 1)
            wait_for("2 samples, 2 events, 1 LOST\n")
            recorder.send_signal(signal.SIGTERM)
            errors = recorder.communicate(timeout=60)[1]
            self.assertEqual(recorder.returncode, 0, errors)
            self.assertIn(f"namespace {NETNS}: receiving from the kernel: Input/output error", errors)

    def test_a_series_is_judged_by_each_of_its_readings(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.kstate")
            save = self.start("snapshot", "save", path, "--for", "10m", "--every", "200ms", stdout=subprocess.PIPE)
            # More than one reading makes for all that it reads.
            failed = self.make_fail(save, "recvfrom", "1..40")
            self.assertTrue(failed.wait(30))
            time.sleep(3)
            save.send_signal(signal.SIGTERM)
            output, errors = save.communicate(timeout=60)
            self.assertEqual(save.returncode, 1, errors)
            self.assertRegex(errors, r"Input/output error .*\(in \d+ of \d+ readings\)")
            self.assertIn(f"{path}: ", output)
            self.assertEqual(subprocess.run([KSTATE, "conn", "--from", path], capture_output=True).returncode, 0)

    def send_until(self, happened, times=100):
        """Sends to a new port each time, so that conntrack has something to tell."""
        for _ in range(times):
            Failing.port += 1
            subprocess.run([*self.inside, "python3", "-c", CLIENT.replace("53", str(self.port))], check=True)
            if happened.wait(0.5):
                return


if __name__ == "__main__":
    unittest.main()
