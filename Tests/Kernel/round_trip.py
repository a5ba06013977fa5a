"""What a command prints of a live table, against what it prints of a file of that table: the same bytes, but for the header's time.

A table's timers run down while it is read. A guest's clock can be stopped, so that all is read at one and the same moment:
`round_trip.py keep FOLDER PLACE` in the guest keeps there what the live commands say, and the files, and `problems` reads those on
the machine outside. This machine's clock goes on: `round_trip.py here PLACE` saves between two live outputs, judges the lines that
are the same in both, and goes on until it has judged every line. PLACE is kstate's options for one.
"""

import argparse
import contextlib
import datetime
import fcntl
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile

KSTATE = os.environ["KSTATE"]
PORTS = "53,80,9153,8080"

# Every command in every form that it has, for every scenario.
FORMATS = [
    *(("conn", "-o", form) for form in ("table", "wide", "json", "jsonl", "csv", "conntrack")),
    *(("service", "-o", form) for form in ("table", "wide", "json", "jsonl", "csv")),
    *(("doctor", "--samples", "1", "-o", form) for form in ("table", "json"))]
# What else decides what is printed, for the labs, which have something of every kind.
OPTIONS = [tuple(words.split()) for words in (
    f"conn --port {PORTS}", f"conn --port {PORTS} -o json", f"conn --port {PORTS} --count", "conn --count", "conn --unreplied -o json",
    "conn --family 6 -o wide", "conn --protocol udp --sort client --limit 3", "conn --sort=-timeout -o csv --no-header",
    "conn --sort bytes --limit 2 -o json", "conn --limit 3 -o json", "conn --columns client,backend,flags,timeout,id",
    "conn --state ESTABLISHED,SYN_SENT -o csv", "conn --table conntrack -o json", "conn --table ipvs -o json",
    "conn --table conntrack -o conntrack --mark 0/1", "conn --kernel-filter never --unreplied -o json",
    "conn --kernel-filter always --unreplied -o json", "conn --kernel-filter always --protocol tcp --family 4 --service :9153 --count",
    "conn --dying -o json", "conn --unconfirmed -o json", f"service --port {PORTS} -o json", "service --port 9153 -o wide",
    "service --count", "service --unreplied --sort verdict", "service --sort=-connections --limit 2 -o csv --no-header",
    "service --table conntrack -o json", "service --table ipvs -o wide", f"doctor --samples 1 --port {PORTS} -o json",
    "doctor --samples 1 --table conntrack", "doctor --samples 1 --protocol udp -o json")]
# Enough to see whether another kind of file has the same records.
RECORDS = [("conn", "-o", "json"), ("conn", "-o", "wide"), ("service", "-o", "json"), ("doctor", "--samples", "1", "-o", "json")]


class Output:
    """What a command has printed, and how it ended."""

    def __init__(self, status, text, errors):
        self.status, self.text, self.errors = status, text, errors

    @staticmethod
    def of(*arguments):
        result = subprocess.run([KSTATE, *arguments], capture_output=True)
        if result.returncode not in (0, 1, 3):
            raise RuntimeError(f"kstate {' '.join(arguments)}: {result}")
        return Output(result.returncode, *(stream.decode(errors="surrogateescape") for stream in (result.stdout, result.stderr)))

    @property
    def end(self):
        return self.status, self.errors

    def lines(self, filtered=False):
        """All of it, but for the header's time; and, where the kernel filtered, but for how much was read."""
        text = re.sub(r'\A(\{"schema":"[^"]*",)"taken_at":"[^"]*",', r"\1", self.text)
        if filtered:
            text = re.sub(r'("conntrack":\{"available":true,"complete":true,)"read":\d+,("matched":\d+)(,"kernel_filtered":true)?', r"\1\2", text)
        return text.split("\n")

    def told_of_tables(self, word):
        """The values of this field at the end of a JSON document."""
        return re.findall(rf'"{word}":(\w+)', self.text.rpartition("\n \"tables\":")[2])


class Judgement:
    """Which lines of a live output have been judged, each between two readings that agree on it."""

    def __init__(self, name):
        self.name = name
        self.count = 0
        self.open = None

    def judge(self, before, saved, after):
        """Problems of the lines that are the same in two live outputs; all in vain where those are not of the same entries, or a table
        changed so much under one of the readers that he began again."""
        passes = before.told_of_tables("passes")
        if any(output.told_of_tables("passes") != passes for output in (saved, after)):
            return []
        # How much it passed over the kernel does not tell where it filters, and a file has all of it.
        filtered = bool(before.told_of_tables("kernel_filtered"))
        ours, theirs, later = (output.lines(filtered) for output in (before, saved, after))
        if before.end != after.end or len(ours) != len(later):
            return []
        # Of a table that was read in vain a node gives the advice that a file cannot give.
        end = saved.status, saved.errors.replace(" passes, when it was saved\n", " passes; try again\n")
        if before.end != end or len(ours) != len(theirs):
            return [f"{self.name}: {len(ours)} lines, {before.end} live; {len(theirs)} lines, {saved.end} saved"]
        if self.open is None or self.count != len(ours):
            self.open, self.count = set(range(len(ours))), len(ours)
        quiet = [index for index in range(self.count) if ours[index] == later[index]]
        self.open.difference_update(quiet)
        wrong = [index for index in quiet if ours[index] != theirs[index]]
        return [f"{self.name}, {len(wrong)} lines as this:\n  live  {ours[index]}\n  saved {theirs[index]}" for index in wrong[:1]]

    @property
    def is_done(self):
        return self.open == set()


class Place:
    """Where a scenario's tables are, and whose names are shown."""

    def __init__(self, netns=None, pid=None, all_netns=False, kube=None):
        self.options = ["--netns", netns] if netns else ["--pid", pid] if pid else ["--all-netns"] if all_netns else []
        self.names = ["--kube", kube] if kube else []
        self.entering = ["ip", "netns", "exec", netns] if netns else ["nsenter", "-n", "-t", pid] if pid else []

    def live(self, arguments):
        return Output.of(*arguments, *self.options, *self.names)

    def save(self, path, *options):
        # What could not be read, which ends it with 1, is the scenario's; the file keeps the reason.
        Output.of("snapshot", "save", path, *options, *self.options, *self.names)

    def record(self, path):
        """A recording with one sample."""
        recorder = subprocess.Popen([KSTATE, "record", path, "--every", "1h", *self.options], stderr=subprocess.PIPE)
        # It takes its first sample before it heeds a signal. Nobody may look for it meanwhile: SQLite sleeps where another has the file,
        # and where the clock stands still it never wakes.
        errors = recorder.stderr.readline()
        recorder.terminate()
        errors += recorder.communicate()[1]
        if recorder.returncode:
            raise RuntimeError(f"kstate record: {recorder.returncode} {errors.decode()}")

    @contextlib.contextmanager
    def still(self):
        """No packet reaches conntrack or IPVS meanwhile, and in a guest no time goes by."""
        def rules(verb):
            for tables in ("iptables-legacy-restore", "ip6tables-legacy-restore"):
                lines = ["*raw", f"{verb} PREROUTING -j DROP", f"{verb} OUTPUT -j DROP", "COMMIT", ""]
                done = subprocess.run([*self.entering, tables, "-w", "-n"], input="\n".join(lines), capture_output=True, text=True)
                if done.returncode:
                    raise RuntimeError(f"{tables} {verb}: {done}")

        rules("-I")
        try:
            with stopped_clock(os.environ.get("GUEST_CLOCK")):
                yield
        finally:
            rules("-D")


@contextlib.contextmanager
def stopped_clock(path):
    """Stops the guest's clock, where this is a guest; whoever else wants to waits."""
    if not path:
        yield
        return

    def write(byte):
        os.pwrite(clock, byte, 0)
        os.fsync(clock)

    clock = os.open(path, os.O_RDWR)
    fcntl.flock(clock, fcntl.LOCK_EX)
    write(b"1")
    try:
        yield
    finally:
        write(b"0")
        os.close(clock)


# In a guest

def keep(folder, place, narrow=None, everything=False):
    """Keeps what the live commands say of a place, and its snapshot.

    - narrow: a namespace of the place, which is asked for alone too.
    - everything: with every option, and in a compressed file and a recording too.
    """
    os.makedirs(folder)
    recording = os.path.join("/run", "recording")  # readers of one share memory, for which a guest's own file system is needed
    with place.still():
        outputs = [(arguments, [], vars(place.live(arguments))) for arguments in FORMATS + (OPTIONS if everything else [])]
        if narrow:
            one = Place(netns=narrow)
            outputs += [(arguments, one.options, vars(one.live(arguments))) for arguments in RECORDS]
        place.save(os.path.join(folder, "table.kstate"))
        if everything:
            place.save(os.path.join(folder, "compressed.kstate"), "--compress")
            place.record(recording)
    if everything:
        shutil.move(recording, folder)
    with open(os.path.join(folder, "outputs.json"), "w") as file:
        json.dump(outputs, file)


def problems(folder):
    """How the outputs of the files in a folder that `keep` has filled differ from the live ones there."""
    found = []
    with open(os.path.join(folder, "outputs.json")) as file:
        outputs = json.load(file)
    for name in sorted(set(os.listdir(folder)) - {"outputs.json"}):
        for arguments, options, output in outputs:
            live = Output(**output)
            judgement = Judgement(" ".join([*arguments, *options, "--from", name]))
            wrong = judgement.judge(live, Output.of(*arguments, *options, "--from", os.path.join(folder, name)), live)
            found += wrong or ([] if judgement.is_done else [f"{judgement.name}: it did not stand still"])
    return found


# On this machine

def problems_here(place, commands=FORMATS, everything=False):
    """How the outputs of files of a place on this machine differ from the live ones.

    - everything: of compressed files and recordings too.
    """
    @contextlib.contextmanager
    def saved(*options):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "table.kstate")
            place.save(path, *options)
            yield "--from", path

    @contextlib.contextmanager
    def recorded():
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "recording")
            place.record(path)
            yield "--from", path, "--until", moment(path)

    with place.still():
        found = judged(place, commands, saved)
        if everything:
            found += judged(place, RECORDS, lambda: saved("--compress")) + judged(place, RECORDS, recorded)
    return found


def judged(place, commands, save, attempts=100):
    """Problems of each command with files that `save` makes, giving the options that name one."""
    found = []
    for arguments in commands:
        judgement = Judgement(" ".join(arguments))
        wrong = []
        for _ in range(attempts):
            before = place.live(arguments)
            with save() as options:
                after = place.live(arguments)
                wrong = judgement.judge(before, Output.of(*arguments, *options), after)
            if wrong or judgement.is_done:
                break
        else:
            wrong = [f"{judgement.name}: it never stood still"]
        found += wrong
    return found


def moment(recording):
    """The time of a recording's only sample, to the nanosecond."""
    segment, = (name for name in os.listdir(recording) if name.endswith(".kstate"))
    with contextlib.closing(sqlite3.connect(os.path.join(recording, segment))) as database:
        (time,), = database.execute("SELECT DISTINCT taken_at FROM places")
    seconds = datetime.datetime.fromtimestamp(time // 10**9, datetime.timezone.utc)
    return f"{seconds:%Y-%m-%dT%H:%M:%S}.{time % 10**9:09}Z"


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    keeping, here = verbs.add_parser("keep"), verbs.add_parser("here")
    keeping.add_argument("folder")
    keeping.add_argument("--narrow")
    keeping.add_argument("--everything", action="store_true")
    for verb in (keeping, here):
        for name in ("--netns", "--pid", "--kube"):
            verb.add_argument(name)
        verb.add_argument("--all-netns", action="store_true")
    given = parser.parse_known_args()[0]  # a scenario has options that are the doctor's alone
    place = Place(given.netns, given.pid, given.all_netns, given.kube)
    if given.verb == "keep":
        keep(given.folder, place, given.narrow, given.everything)
    else:
        print(json.dumps(problems_here(place)))


if __name__ == "__main__":
    main()
