"""Runs commands in turn and prints a line of the README's table for each comparison."""

import os
import statistics
import subprocess
import sys
import time
from collections import namedtuple

HERE = os.path.dirname(os.path.realpath(__file__))
BUILD = os.path.join(HERE, "..", ".build", "release")
KSTATE = os.environ.get("KSTATE") or os.path.join(BUILD, "kstate")
FILLER = os.path.join(BUILD, "table-filler")
RUNS = int(os.environ.get("RUNS", "5"))

# The doctor's answer when it has found something, which a table made for a benchmark lets it.
DOCTOR_FOUND = 3
# Where there are more backends than are counted, kstate service leaves some out, and says so by its status.
LEFT_OUT = 1

Usage = namedtuple("Usage", "seconds user memory")


def heading():
    print("| kstate | time | user time | against | ratio | aim | peak memory |\n|---|---|---|---|---|---|---|", flush=True)


def run(command, output=os.devnull, allowed=(0, DOCTOR_FOUND), **environment):
    """What one run took: seconds, seconds of the user's side, and peak MB."""
    start = time.monotonic()
    with open(output, "w") as file:
        child = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL, env={**os.environ, **environment})
        _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - start
    if (code := os.waitstatus_to_exitcode(status)) not in allowed:
        sys.exit(f"{' '.join(command)}: status {code}")
    return Usage(seconds, usage.ru_utime, usage.ru_maxrss / 1024)


def in_turn(ours, peer, runs=RUNS, **options):
    """Runs A B A B ..., so that a machine that drifts slows both: the medians of each, and the median of the pairs' ratios."""
    pairs = [(run(ours, **options), run(peer)) for _ in range(runs)]
    ratio = statistics.median(mine.seconds / theirs.seconds for mine, theirs in pairs)
    return median(mine for mine, _ in pairs), median(theirs for _, theirs in pairs), ratio


def median(usages):
    return Usage(*(statistics.median(column) for column in zip(*usages)))


def compare(name, ours, peer_name, peer, aim, runs=RUNS, warm=True, **environment):
    if warm:
        run(ours, **environment), run(peer)
    mine, theirs, ratio = in_turn(ours, peer, runs, **environment)
    line(name, f"{mine.seconds:.3f} s", f"{mine.user:.2f} s", f"{peer_name} {theirs.seconds:.3f} s", f"{ratio:.2f}", aim, f"{mine.memory:.0f} MB")


def line(name, *columns):
    print("| " + " | ".join([name, *columns]) + " |", flush=True)


def sh(script, **environment):
    return subprocess.run(
        ["bash", "-euc", script], check=True, capture_output=True, text=True, env={**os.environ, **environment}).stdout.strip()
