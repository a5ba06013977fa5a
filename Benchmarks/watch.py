"""A watch at rest on a large table, and under a burst of new entries."""

import json
import os
import subprocess
import tempfile
import time

from measure import FILLER, KSTATE, line

BURST = 300_000


class Watch:
    def __init__(self, space, *options):
        self.output = tempfile.NamedTemporaryFile("w+")
        command = space.inside(KSTATE, "conn", "--watch", "-o", "jsonl", "--table", "conntrack", *options)
        self.process = subprocess.Popen(command, stdout=self.output)
        while not any(event["event"] == "resync" for event in self.events()):
            time.sleep(0.5)

    def events(self):
        with open(self.output.name) as lines:
            return [json.loads(text) for text in lines if text.endswith("\n")]

    def followed(self):
        kinds = [event["event"] for event in self.events()]
        return kinds.count("new") - kinds.count("end")

    def ticks(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            return sum(map(int, stat.read().rpartition(")")[2].split()[11:13]))

    def resident(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(text.split()[1]) / 1024 for text in status if text.startswith("VmRSS"))

    def dropped(self, space):
        """The kernel's own count of what this watch's sockets lost."""
        directory = f"/proc/{self.process.pid}/fd"
        inodes = {os.readlink(f"{directory}/{fd}").removeprefix("socket:[").rstrip("]") for fd in os.listdir(directory)}
        rows = [text.split() for text in space.sh("cat /proc/net/netlink").splitlines()[1:]]
        return sum(int(words[8]) for words in rows if words[9] in inodes)

    def end(self):
        self.process.send_signal(2)
        self.process.wait()
        self.output.close()


def idle(space, *options, seconds=60):
    watch = Watch(space, *options)
    followed, before = watch.followed(), watch.ticks()
    time.sleep(seconds)
    share = (watch.ticks() - before) / os.sysconf("SC_CLK_TCK") / seconds
    name = f"idle watch {' '.join(options)}, {followed:,} of {space.entries:,} followed".replace(" ,", ",")
    line(name, "", f"{share * seconds:.2f} s in {seconds} s", "", f"{share:.2%}", "1 %", f"{watch.resident():.0f} MB")
    watch.end()


def burst(space):
    watch = Watch(space)
    space.sh(f"{FILLER} {BURST} 5 9153 1 2")
    time.sleep(1)
    size = os.path.getsize(watch.output.name)
    in_table, dropped = int(space.sh("conntrack -C")), watch.dropped(space)
    with open(watch.output.name) as lines:
        events = [json.loads(text) for text in lines.read(size).splitlines(True) if text.endswith("\n")]
    kinds = [event["event"] for event in events]
    lost = sum(event["lost"] for event in events if event["event"] == "lost")
    followed = kinds.count("new") - kinds.count("end")
    line(
        f"watch, {BURST:,} new entries in 2 s, one second later", f"{followed:,} followed", "", f"table {in_table:,}",
        f"{followed / in_table:.4f}", "1", f"{watch.resident():.0f} MB")
    line("events lost: reported", f"{lost:,}", "", f"the kernel's count {dropped:,}", "", "equal", "")
    watch.end()
