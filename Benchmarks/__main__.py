#!/usr/bin/env python3
"""Times kstate against the floors and the peers, in one run, and prints the README's table. As root:

    python3 Benchmarks [ENTRIES]      a million conntrack entries by default; RUNS=5 pairs a line

Each pair runs in turn, A B A B ..., so that a machine that drifts slows both; the ratio is the median of the pairs'. With
SECTIONS=conntrack,start,hold,watch,ipvs a part of it alone.
"""

import os
import signal
import subprocess
import sys
import tempfile

from measure import HERE, KSTATE, heading, sh

import conntrack
import watch
from namespace import Namespace


def compiled(directory):
    """The floors, by name."""
    built = {name: os.path.join(directory, name) for name in ("floor", "hold", "old-kernel.so")}
    for name in ("floor", "hold"):
        sh(f"cc -O2 -Wall -o {built[name]} {HERE}/{name}.c")
    sh(f"cc -O2 -Wall -shared -fPIC -o {built['old-kernel.so']} {HERE}/../Tests/Lab/old-kernel.c")
    return built


def in_guest(count):
    """The IPVS table, in the guest kernel; its lines of the table come back as they are."""
    command = [os.path.join(HERE, "..", "Tests", "Lab", "uml"), os.path.join(HERE, "ipvs.sh"), str(count)]
    environment = {**os.environ, "KSTATE": os.path.realpath(KSTATE), "MEM": "2G", "SECONDS_MAX": "1200"}
    print(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout.strip(), flush=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that namespaces and sysctls are put back
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    sections = os.environ.get("SECTIONS", "conntrack,start,hold,watch,ipvs").split(",")
    with tempfile.TemporaryDirectory() as directory:
        floors = compiled(directory)
        heading()
        if "start" in sections:
            for buckets in (65_536, 262_144):
                with Namespace(50, buckets) as space:
                    conntrack.start(space, floors)
        if "hold" in sections:
            for size in (20_000, 100_000):
                with Namespace(size) as space:
                    conntrack.hold(space, floors)
        if "conntrack" in sections:
            with Namespace(entries) as space:
                conntrack.whole_table(space, floors)
        if "watch" in sections:
            with Namespace(entries) as space:
                watch.idle(space, "--port", "9153")
                watch.idle(space)
            with Namespace(0) as space:
                watch.burst(space)
        if "ipvs" in sections:
            for count in (50_000, 200_000):
                in_guest(count)


main()
