"""The flight recorder against real connections, in namespaces of the tests' own. Needs root."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from test_conntrack import FilledNamespace, sh

import comparison

KSTATE = comparison.KSTATE
TRACK = "iptables-legacy -A OUTPUT -m conntrack --ctstate NEW -j ACCEPT"
SEND = "import socket,sys; [socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(bytes(1), (sys.argv[1], int(p))) for p in sys.argv[2:]]"


def run(*arguments):
    return subprocess.run([KSTATE, *arguments], capture_output=True, text=True, timeout=300)


class Recorded(FilledNamespace):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ring = os.path.join(folder.name, "ring")
        self.inside(TRACK)

    def record(self, *options):
        before = self.samples()
        self.recorder = subprocess.Popen(
            [KSTATE, "record", self.ring, "--netns", self.netns, *options], stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.recorder.stderr.close)
        self.addCleanup(lambda: self.recorder.poll() is None and (self.recorder.kill(), self.recorder.wait()))
        self.until(lambda: self.samples() > before)

    def until(self, condition):
        end = time.monotonic() + 120
        while not condition():
            self.assertIsNone(self.recorder.poll(), "the recorder has ended")
            self.assertLess(time.monotonic(), end, "it did not come about")
            time.sleep(0.1)

    def end(self, number=signal.SIGTERM):
        self.recorder.send_signal(number)
        errors = self.recorder.communicate(timeout=120)[1]
        return self.recorder.returncode, errors

    def summed(self, pattern):
        return sum(map(int, re.findall(pattern, run("snapshot", "info", self.ring).stdout)))

    def samples(self):
        return self.summed(r"(\d+) samples")

    def events(self):
        return self.summed(r"(\d+) events")

    def send(self, address, *ports):
        subprocess.run(["ip", "netns", "exec", self.netns, sys.executable, "-c", SEND, address, *map(str, ports)], check=True)

    def connections(self, *options):
        result = run("conn", "--from", self.ring, *options, "-o", "jsonl")
        self.assertEqual(result.returncode, 0, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def ports(self, *options):
        return {entry["backend"]["port"]: entry["conntrack"]["flags"] for entry in self.connections(*options)}


class FlightRecorder(Recorded):
    def test_a_connection_born_and_gone_between_two_samples_is_found(self):
        self.record("--every", "1h")
        self.send("127.0.0.2", 4001, 4002)
        self.until(lambda: self.events() >= 2)
        self.inside("conntrack -D -p udp --orig-port-dst 4001")
        self.until(lambda: self.events() >= 3)
        self.assertEqual(self.end()[0], 0)
        self.assertEqual(self.samples(), 1)
        self.assertEqual(set(self.ports()), {4002})
        lived = self.ports("--since", "1h")
        self.assertEqual(set(lived), {4001, 4002})
        self.assertIn("DYING", lived[4001])
        self.assertNotIn("DYING", lived[4002])
        self.assertEqual(set(self.ports("--since", "1h", "--port", "4001")), {4001})
        # At the moment of each event the table is what it was just after it.
        segment = os.path.join(self.ring, next(name for name in os.listdir(self.ring) if name.endswith(".kstate")))
        times = sh(f"sqlite3 {segment} \"SELECT strftime('%Y-%m-%dT%H:%M:%S', at / 1000000000, 'unixepoch') || '.' "
                   f"|| printf('%09d', at % 1000000000) || 'Z' FROM conntrack_events WHERE kind = 'destroy' OR event = 1\"").split()
        self.assertIn(4001, self.ports("--until", times[0]))
        self.assertEqual(set(self.ports("--until", times[1])), {4002})

    def test_a_kill_leaves_what_is_older_than_a_second(self):
        # On a busy machine the recorder may wait for its turn: what is lost each time, is lost.
        for first in (5_000, 6_000, 7_000):
            self.record("--every", "1h")
            wanted = self.sent_a_second_before_a_kill(range(first, first + 40))
            if wanted <= set(self.ports()):
                break
        self.assertTrue(wanted)
        self.assertLessEqual(wanted, set(self.ports()))
        # The next recorder takes the journal into the file, and goes on.
        self.record("--every", "1h")
        self.assertEqual(self.end()[0], 0)
        self.assertEqual([name for name in os.listdir(self.ring) if name.endswith("-wal")], [])
        result = run("conn", "--from", self.ring, "--since", "1h", "-o", "jsonl")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"the conntrack table is incomplete: nothing was recorded from \S+ to \S+;")
        self.assertLessEqual(wanted, {json.loads(line)["backend"]["port"] for line in result.stdout.splitlines()})

    def sent_a_second_before_a_kill(self, ports):
        sent = []
        for port in ports:
            self.send("127.0.0.2", port)
            sent.append((time.monotonic(), port))
            time.sleep(0.05)
        killed = time.monotonic()
        self.assertEqual(self.end(signal.SIGKILL)[0], -signal.SIGKILL)
        return {port for moment, port in sent if moment < killed - 1}

    def test_entries_of_before_the_recorder_are_those_of_the_kernel(self):
        self.fill(20_000)
        self.record("--every", "1h")
        self.assertEqual(self.end()[0], 0)
        live = sh(f"ip netns exec {self.netns} conntrack -L 2>/dev/null | wc -l")
        self.assertEqual(len(self.connections("--table", "conntrack")), int(live))

    def test_the_ring_stays_within_its_size_and_keeps_the_newest(self):
        self.fill(10_000)
        self.record("--every", "100ms", "--size", "16M")
        first = set(self.segments())
        # The recorder samples for one hundredth of its time; events fill the ring too.
        for round in range(30):
            self.fill(10_000, seed=2 + round)
            self.assertLessEqual(self.bytes(), 16 << 20)
            self.inside("conntrack -F 2>/dev/null")
            if not first & set(self.segments()):
                break
        self.assertFalse(first & set(self.segments()), "nothing was removed")
        self.send("127.0.0.2", 4001)
        self.until(lambda: self.is_whole_again() and 4001 in self.ports("--port", "4001"))
        self.assertEqual(self.end()[0], 0)
        self.assertLessEqual(self.bytes(), 16 << 20)

    def is_whole_again(self):
        """False while events that a storm has cost are still to be made good by a sample; nothing else may be wrong meanwhile."""
        result = run("conn", "--from", self.ring, "--port", "4001", "-o", "jsonl")
        if result.returncode:
            self.assertRegex(result.stderr, r"incomplete: \d+ events were lost before that moment")
        # The one that was sent last is in the recording: so is every loss before it.
        return result.returncode == 0 and '"port":4001' in result.stdout

    def segments(self):
        return [name for name in os.listdir(self.ring) if name.endswith(".kstate")]

    def bytes(self):
        total = 0
        for name in os.listdir(self.ring):
            try:
                total += os.stat(os.path.join(self.ring, name)).st_blocks * 512
            except FileNotFoundError:
                pass
        return total


class FullDisk(Recorded):
    def setUp(self):
        super().setUp()
        os.mkdir(self.ring)
        sh(f"mount -t tmpfs -o size=6M tmpfs {self.ring}")
        self.addCleanup(sh, f"umount {self.ring}")

    def test_the_oldest_part_gives_way_and_with_nothing_left_it_says_so(self):
        self.fill(10_000)
        for _ in range(3):
            self.record("--every", "1h")
            self.assertEqual(self.end()[0], 0)
        self.record("--every", "1h")
        for round in range(200):
            if self.recorder.poll() is not None:
                break
            # Another takes the room that the recorder has made, and events come for which there is none.
            sh(f"dd if=/dev/zero of={self.ring}/other bs=64k oflag=append conv=notrunc 2>/dev/null || true")
            self.fill(10_000, seed=2 + round)
            self.inside("conntrack -F 2>/dev/null")
        errors = self.recorder.communicate(timeout=120)[1]
        self.assertEqual(self.recorder.returncode, 1, errors)
        self.assertIn("removed its oldest part", errors)
        self.assertIn("nothing older is left to remove", errors)
        # Who reads needs a page of room beside the journal; nothing that was written is lost.
        os.remove(f"{self.ring}/other")
        result = run("snapshot", "info", self.ring)
        self.assertEqual(result.returncode, 0, result.stderr + sh(f"ls -ls {self.ring}") + errors)


class WholeNode(Recorded):
    def test_namespaces_come_and_go(self):
        """A recorder of all namespaces meets a new one at the next sample, and holds none that has gone."""
        name = f"{self.netns}-later"
        self.recorder = subprocess.Popen([KSTATE, "record", self.ring, "--all-netns", "--every", "100ms"], stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.recorder.stderr.close)
        self.addCleanup(lambda: self.recorder.poll() is None and (self.recorder.kill(), self.recorder.wait()))
        self.until(lambda: self.samples() >= 1)
        sh(f"ip netns add {name}")
        self.addCleanup(subprocess.run, ["ip", "netns", "del", name], capture_output=True)  # where the test ends before it does
        self.until(lambda: f"namespace {name}" in run("snapshot", "info", self.ring, "--since", "1h").stdout)
        sh(f"ip netns del {name}")
        count = self.samples()
        self.until(lambda: self.samples() >= count + 2)
        self.assertEqual(self.end()[0], 0)
        self.assertNotIn(f"namespace {name}", run("conn", "--from", self.ring, "-o", "json").stdout)

