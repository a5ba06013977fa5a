"""Several samples in a file, the recorder, and --since and --until, as the command line takes and refuses them."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import tempfile
import time
import unittest

KSTATE = os.environ["KSTATE"]


def run(*arguments, **options):
    return subprocess.run([KSTATE, *arguments], capture_output=True, text=True, timeout=120, **options)


def wait_for(what, seconds=60):
    """Asks until `what` gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come about")


def blocks_signals(process):
    """True once it takes signals when it wants to."""
    with open(f"/proc/{process.pid}/status") as status:
        return int(re.search(r"^SigBlk:\s*(\w+)", status.read(), re.M)[1], 16) != 0


def segments(folder):
    return sorted(name for name in os.listdir(folder) if re.fullmatch(r"record-\d{8}T\d{6}\.\d{3}Z\.kstate", name))


class Recorder:
    """`kstate record`, started, with at least one sample taken."""

    def __init__(self, folder, *options):
        def segments():
            return run("snapshot", "info", folder).stdout.count(".kstate: ")

        before = segments()
        self.process = subprocess.Popen([KSTATE, "record", folder, *options], stderr=subprocess.PIPE, text=True)
        wait_for(lambda: self.process.poll() is not None or segments() > before)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


class FolderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.ring = os.path.join(folder.name, "ring")
        self.file = os.path.join(folder.name, "a.kstate")

    def record(self, *options):
        recorder = Recorder(self.ring, *options)
        self.addCleanup(recorder.process.stderr.close)
        self.addCleanup(lambda: recorder.process.poll() is None and (recorder.process.kill(), recorder.process.wait()))
        return recorder

    def times(self, path, *options):
        return re.findall(r"^sample \d+, (\S+):", run("snapshot", "info", path, *options).stdout, re.M)


class SeveralSamples(FolderTest):
    def test_samples_of_one_file_are_picked_by_their_time(self):
        result = run("snapshot", "save", self.file, "--for", "3s", "--every", "300ms")
        self.assertEqual(result.returncode, 0, result.stderr)
        times = self.times(self.file)
        self.assertGreaterEqual(len(times), 2)
        self.assertIn(f"{len(times)} readings", result.stdout)
        for moment in (times[0], times[-1]):
            taken = json.loads(run("conn", "--from", self.file, "--until", moment, "-o", "json").stdout)["taken_at"]
            self.assertEqual(taken, moment)
        self.assertEqual(json.loads(run("conn", "--from", self.file, "-o", "json").stdout)["taken_at"], times[-1])
        self.assertEqual(self.times(self.file, "--since", times[1]), times[1:])
        self.assertIn(f"over {len(times)} samples", run("doctor", "--from", self.file).stdout)
        self.assertEqual(run("snapshot", "diff", self.file, "--since", times[0]).returncode, 0)
        whole = run("conn", "--from", self.file, "--until", times[-1])
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertNotIn("ends at", whole.stderr)
        everything = run("conn", "--from", self.file, "--since", times[0])
        self.assertNotIn("begins at", everything.stderr)

    def test_a_signal_ends_the_readings_and_the_file_keeps_them(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen([KSTATE, "snapshot", "save", self.file, "--for", "10m", "--every", "100ms"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            wait_for(lambda: any(name.endswith(".partial") for name in os.listdir(self.folder)))
            process.send_signal(number)
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0)
            self.assertEqual(os.listdir(self.folder), ["a.kstate"])
            self.assertGreaterEqual(len(self.times(self.file)), 1)

    def test_what_nohup_ignores_stays_ignored(self):
        for command in (["snapshot", "save", self.file, "--for", "10m", "--every", "100ms"], ["record", self.ring], ["conn", "--watch"]):
            process = subprocess.Popen([KSTATE, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
            wait_for(lambda: blocks_signals(process))
            process.send_signal(signal.SIGHUP)
            with self.assertRaises(subprocess.TimeoutExpired, msg=command):
                process.wait(timeout=1)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=60), 0, command)

    def test_what_has_been_read_stays_where_no_more_can_be(self):
        with subprocess.Popen(["sleep", "1h"]) as process:
            save = subprocess.Popen([KSTATE, "snapshot", "save", self.file, "--for", "10m", "--every", "100ms", "--pid", str(process.pid)],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            wait_for(lambda: any(name.endswith(".partial") for name in os.listdir(self.folder)))
            time.sleep(1)
            process.kill()
        output, errors = save.communicate(timeout=60)
        self.assertEqual(save.returncode, 1)
        readings = len(self.times(self.file))
        self.assertGreaterEqual(readings, 1)
        self.assertIn(f"{self.file}: {readings} readings, ", output)
        self.assertRegex(errors, rf"no more after {readings} readings?: .*{process.pid}")
        self.assertEqual(os.listdir(self.folder), ["a.kstate"])
        self.assertEqual(run("conn", "--from", self.file).returncode, 0)

    def test_bad_usage(self):
        for options, reason in ((["--for", "10s", "--every", "0"], "--every 0"), (["--for", "1s"], "shorter than --every 10s"),
                                (["--every", "1s"], "--every needs --for"), (["--for", "soon"], "is no length of time"),
                                (["--for", "1m", "--from", "x"], "exclude each other")):
            result = run("snapshot", "save", self.file, *options)
            self.assertEqual(result.returncode, 2, options)
            self.assertIn(reason, result.stderr)
        self.assertEqual(os.listdir(self.folder), [])


class Recording(FolderTest):
    def test_a_recording_is_private_and_ends_well_by_a_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            recorder = self.record("--every", "200ms")
            status, errors = recorder.end(number)
            self.assertEqual(status, 0, errors)
            self.assertIn(f"into {self.ring}: a sample every 200ms", errors)
        self.assertEqual(stat.S_IMODE(os.stat(self.ring).st_mode), 0o700)
        self.assertEqual(len(segments(self.ring)), 2)
        for name in os.listdir(self.ring):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.ring, name)).st_mode), 0o600, name)
            self.assertFalse(name.endswith(("-wal", "-shm")), name)
        verified = run("snapshot", "info", "--verify", self.ring)
        self.assertEqual(verified.returncode, 0)
        self.assertIn("a recorder's segments have no checksum", verified.stdout)
        for segment in segments(self.ring):
            self.assertEqual(run("conn", "--from", os.path.join(self.ring, segment)).returncode, 0)

    def test_every_command_reads_it_while_it_is_written(self):
        recorder = self.record("--every", "200ms")
        # A slow machine's samples come less often than they are asked for.
        times = wait_for(lambda: (times := self.times(self.ring, "--since", "1h"))[2:] and times)
        for arguments in (["conn", "--from", self.ring], ["conn", "--from", self.ring, "--since", "1h"], ["service", "--from", self.ring],
                          ["snapshot", "info", self.ring], ["snapshot", "diff", self.ring, "--since", times[1]],
                          ["snapshot", "save", self.file, "--from", self.ring]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 0, (arguments, result.stderr))
        self.assertIn("over 2 samples", run("doctor", "--from", self.ring, "--samples", "2").stdout)
        self.assertEqual(recorder.end()[0], 0)

    def test_one_recorder_at_a_time(self):
        recorder = self.record()
        result = run("record", self.ring)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"process {recorder.process.pid} records there already", result.stderr)
        self.assertEqual(recorder.end(signal.SIGKILL)[0], -signal.SIGKILL)
        self.record().end()
        self.assertEqual(len(segments(self.ring)), 2)

    def test_places_that_take_no_recording(self):
        with open(self.file, "w"):
            pass
        for path, reason in ((self.file, "no directory"), (os.path.join(self.folder, "no", "ring"), "No such file"),
                             ("/proc/ring", "making the directory /proc/ring")):
            result = run("record", path)
            self.assertEqual(result.returncode, 1, path)
            self.assertIn(reason, result.stderr)
        # A directory that cannot be written to, whoever asks.
        result = run("record", "/proc/self")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/proc/self", result.stderr)

    def test_bad_usage(self):
        for options, reason in ((["--every", "0"], "--every"), (["--size", "1M"], "give 16M or more"), (["--size", "big"], "is no size"),
                                (["--keep", "1s"], "a minute or more"), (["--from", "x"], "Unknown option '--from'"),
                                (["--since", "1m"], "Unknown option '--since'"), (["--netns", "x", "--pid", "1"], "exclude each other")):
            result = run("record", self.ring, *options)
            self.assertEqual(result.returncode, 2, options)
            self.assertIn(reason, result.stderr)
        self.assertFalse(os.path.exists(self.ring))
        options = run("record", "--help").stdout.partition("WHERE TO LOOK")[2]
        self.assertIn("--netns", options)
        for option in ("--from", "--since", "--until"):
            self.assertNotIn(option, options)


class Gaps(FolderTest):
    """Times at which nobody recorded."""

    def setUp(self):
        super().setUp()
        self.moments = []
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
            self.record("--every", "200ms").end(number)
            time.sleep(0.3)
            self.moments.append(time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now := time.time())) + f".{int(now * 1000) % 1000:03}Z")
            time.sleep(0.3)

    def test_no_command_answers_them_as_the_truth(self):
        for command in (["conn", "--count"], ["service"], ["doctor"], ["snapshot", "save", self.file]):
            for moment in self.moments[:2]:
                for options in (["--until", moment], ["--since", moment]):
                    result = run(*command, "--from", self.ring, *options)
                    self.assertIn(result.returncode, (1, 3) if command == ["doctor"] else (1,), (command, options, result.stderr))
                    self.assertRegex(result.stderr, r"the conntrack table is incomplete: nothing was recorded from \S+Z to \S+Z", (command, options))
            result = run(*command, "--from", self.ring)
            self.assertNotIn("incomplete", result.stderr, command)
        result = run("conn", "--from", self.ring, "--until", self.moments[1], "-o", "json")
        self.assertFalse(json.loads(result.stdout)["tables"]["conntrack"]["complete"])
        self.assertEqual(run("snapshot", "diff", self.ring, "--since", self.moments[0]).returncode, 1)
        self.assertIn("nor at 1 later time;", run("conn", "--from", self.ring, "--since", self.moments[0]).stderr)

    def test_the_advice_and_what_lies_before_and_after_are_whole(self):
        errors = run("conn", "--from", self.ring, "--until", self.moments[0]).stderr
        told = re.search(r"nothing was recorded from (\S+) to (\S+); look at the time until (\S+), or after the next sample\n", errors)
        self.assertTrue(told, errors)
        self.assertEqual(told[1], told[3])
        for options in (["--until", told[1]], ["--until", told[2]], ["--since", told[2], "--until", told[2]]):
            result = run("conn", "--from", self.ring, *options)
            self.assertEqual(result.returncode, 0, (options, result.stderr))

    def test_the_end_is_not_what_came_after_it(self):
        for options in (["--until", "2101-01-01T00:00:00Z"], ["--since", "1h", "--until", "2101-01-01T00:00:00Z"]):
            result = run("conn", "--from", self.ring, *options)
            self.assertEqual(result.returncode, 1, options)
        self.assertRegex(run("conn", "--from", self.ring, "--until", "2101-01-01T00:00:00Z").stderr, "incomplete: nothing was recorded after 2")


class Moments(FolderTest):
    def test_moments_that_are_none(self):
        run("snapshot", "save", self.file)
        for options, status, reason in (
                (["--until", "yesterday"], 2, "is no moment"), (["--since", "1m", "--until", "2m"], 2, "--since is after --until"),
                (["--until", "2001-01-01T00:00:00Z"], 1, "it goes from 2"), (["--since", "2101-01-01T00:00:00Z"], 1, "it goes from 2")):
            for command in (["conn"], ["service"], ["doctor"]):
                result = run(*command, "--from", self.file, *options)
                self.assertEqual(result.returncode, status, (command, options, result.stderr))
                self.assertIn(reason, result.stderr)
            self.assertEqual(run("snapshot", "info", self.file, *options).returncode, status)
        for command in ("conn", "service", "doctor"):
            result = run(command, "--until", "1m")
            self.assertEqual(result.returncode, 2)
            self.assertIn("give it with --from", result.stderr)

    def test_a_moment_after_the_end_is_the_end_and_says_so(self):
        run("snapshot", "save", self.file)
        result = run("conn", "--from", self.file, "--until", "2101-01-01T00:00:00Z")
        self.assertEqual(result.returncode, 0)
        self.assertIn("ends at 2", result.stderr)

    def test_what_was_asked_for_before_the_beginning_is_missing_and_is_said_to_be(self):
        run("snapshot", "save", self.file)
        for command in (["conn"], ["doctor"]):
            result = run(*command, "--from", self.file, "--since", "1h")
            self.assertEqual(result.stderr.count("begins at 2"), 1, result.stderr)

    def test_a_directory_without_a_recording(self):
        for command in (["conn", "--from"], ["snapshot", "info"]):
            result = run(*command, self.folder)
            self.assertEqual(result.returncode, 1)
            self.assertIn(self.folder, result.stderr)

    def test_a_file_of_before_there_were_events(self):
        run("snapshot", "save", self.file)
        before = run("conn", "--from", self.file, "-o", "json").stdout
        with sqlite3.connect(self.file) as database:
            for statement in ("VIEW conntrack_events", "TABLE events", "TABLE event_kinds", "TABLE event_entries", "TABLE event_details"):
                database.execute(f"DROP {statement}")
            database.execute("DELETE FROM snapshot WHERE name = 'checksum'")
            database.commit()
            database.execute(f"VACUUM INTO '{self.file}.old'")
        os.rename(f"{self.file}.old", self.file)
        self.assertEqual(run("conn", "--from", self.file, "-o", "json").stdout, before)
        self.assertEqual(run("conn", "--from", self.file, "--since", "1h").returncode, 0)
        self.assertEqual(run("snapshot", "info", self.file).returncode, 0)

    def test_what_is_missing_from_something_saved_is_no_reason_to_try_again(self):
        self.record("--every", "1h").end(signal.SIGKILL)
        with contextlib.closing(sqlite3.connect(os.path.join(self.ring, *segments(self.ring)))) as database:
            (taken,) = database.execute("SELECT max(taken_at) FROM places").fetchone()
            database.execute("INSERT INTO events VALUES (1000, 1, ?, 3, 7)", (taken + 1_000_500_000,))
            database.commit()
        for options, when in (([], "before that moment"), (["--since", "1h"], "in that time")):
            result = run("conn", "--from", self.ring, *options)
            self.assertEqual(result.returncode, 1)
            advice = re.search(rf"incomplete: 7 events were lost {when}; look at the time until (\S+), or after the next sample\n", result.stderr)
            self.assertTrue(advice, result.stderr)
            result = run("conn", "--from", self.ring, *options, "--until", advice[1])
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertNotIn("incomplete", result.stderr)

    def test_a_reading_that_was_torn_when_it_was_saved_says_so(self):
        run("snapshot", "save", self.file)
        with open(self.file, "r+b") as file:
            file.truncate(os.path.getsize(self.file) - 16)
        with contextlib.closing(sqlite3.connect(self.file)) as database:
            database.execute("DELETE FROM snapshot WHERE name = 'checksum'")
            database.execute("UPDATE readings SET complete = 0, passes = 4, reason = 'it shook' WHERE subject = 'conntrack'")
            database.commit()
        result = run("conn", "--from", self.file)
        self.assertEqual(result.returncode, 1)
        self.assertIn("the conntrack table is incomplete: it shook, after 4 passes, when it was saved\n", result.stderr)

    def test_errors_of_a_comparison_name_the_file_once(self):
        run("snapshot", "save", self.file)
        result = run("snapshot", "diff", self.file, "--since", "2101-01-01T00:00:00Z")
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"reading {self.file}: nothing was saved there since 2101", result.stderr)

    def test_one_file_has_nothing_to_be_compared_with(self):
        run("snapshot", "save", self.file)
        self.assertEqual(run("snapshot", "diff", self.file).returncode, 2)


if __name__ == "__main__":
    unittest.main()
