"""A network namespace with a large conntrack table, on this machine's kernel."""

import os
import subprocess

from measure import FILLER, sh

SYSCTL = "net.netfilter.nf_conntrack_"


class Namespace:
    """A namespace with a table of `entries`, 1 % of them on port 9153; it and the sysctls go when it ends.

    `buckets` is the size of the table's hash, which all namespaces share; the kernel's own unless it is given.
    """

    def __init__(self, entries, buckets=None):
        self.name = f"kstate-bench-{os.getpid()}"
        self.entries = entries
        self.buckets = buckets

    def __enter__(self):
        self.before = {key: sh(f"sysctl -n {SYSCTL}{key}") for key in ("max", "buckets")}
        sh(f"ip netns add {self.name}")
        try:
            self.make_room(self.entries, self.buckets)
            if self.entries:
                self.fill(self.entries)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        sh("; ".join([f"ip netns del {self.name}", *(f"sysctl -qw {SYSCTL}{key}={value}" for key, value in self.before.items())]))

    def make_room(self, entries, buckets=None):
        sh(f"sysctl -qw {SYSCTL}max={2 * entries + 700_000}" + (f" {SYSCTL}buckets={buckets}" if buckets else ""))

    def fill(self, entries, seed=1, backends=0):
        """With `backends` each of 500 services has that many."""
        self.sh(f"{FILLER} {entries} {seed} 9153 1 0 {backends}")

    def empty(self):
        self.sh("conntrack -F")

    def inside(self, *command):
        return ["ip", "netns", "exec", self.name, *command]

    def sh(self, script):
        return subprocess.run(self.inside("bash", "-euc", script), check=True, capture_output=True, text=True).stdout.strip()


def buckets_for(entries):
    """As the kernel would choose for a table of that size: four entries a bucket."""
    return max(65536, entries // 4)
