"""Reading a large conntrack table, in a namespace of its own on this machine's kernel."""

from measure import KSTATE, RUNS, compare, line


def whole_table(space, floors):
    """Aims 1 to 3."""
    def conn(options):
        return space.inside(KSTATE, "conn", "--table", "conntrack", *options.split())

    floor, peer = space.inside(floors["floor"]), space.inside("conntrack", "-L")
    port = space.inside("conntrack", "-L", "-p", "tcp", "--dport", "9153")
    by_tuple = "--protocol tcp --family 4 --service :9153"
    compare("conn --port 9153 --count", conn("--port 9153 --count"), "bare receive loop", floor, "1.05")
    compare("the same", conn("--port 9153 --count"), "conntrack -L", peer, "0.65")
    compare("conn --port 9153 -o jsonl", conn("--port 9153 -o jsonl"), "conntrack -L -p tcp --dport 9153", port, "0.85")
    walk = conn(f"--kernel-filter always {by_tuple} -o jsonl")
    compare(f"conn --kernel-filter always {by_tuple} -o jsonl", walk, "conntrack -L -p tcp --dport 9153", port, "0.15")
    compare("conn --kernel-filter always --unreplied --count", conn("--kernel-filter always --unreplied --count"), "conntrack -L", peer, "0.20")
    ignored = conn(f"--kernel-filter always {by_tuple} --count")
    here, there = space.sh(" ".join(ignored[4:])), space.sh(f"LD_PRELOAD={floors['old-kernel.so']} " + " ".join(ignored[4:]))
    if here != there:
        raise SystemExit(f"old kernel: {there} connections where the filtering kernel gives {here}")
    compare(
        "the filter asked for where the kernel ignores it (old-kernel.c)", ignored, "conn --port 9153 --count", conn("--port 9153 --count"),
        "1.00", LD_PRELOAD=floors["old-kernel.so"])
    compare("conn -o jsonl, all", conn("-o jsonl"), "conntrack -L", peer, "0.90, 48 MB")


def start(space, floors):
    """Aim 5: of a small table. A dump of it walks every bucket that all namespaces share, as the bare receive loop does."""
    compare(
        f"start to end, {space.entries} entries, {space.buckets:,} buckets", space.inside(KSTATE, "conn", "--table", "conntrack"), "bare receive loop",
        space.inside(floors["floor"]), "15 ms", 8 * RUNS)


def hold(space, floors):
    """How long one CPU serves nobody else while kstate reads with its automatic choice, and with a walk that matches little."""
    for name, options, aim in (
        ("auto", "--protocol tcp --family 4 --service :1", "20 ms"),
        ("always", "--kernel-filter always --protocol tcp --family 4 --service :1", ""),
    ):
        reading = [floors["hold"], "1", "sh", "-c", f"exec {KSTATE} conn --table conntrack --count {options} >/dev/null 2>&1"]
        longest = max(float(space.sh(" ".join(f"'{word}'" for word in reading))) for _ in range(RUNS))
        line(f"longest hold of a CPU, {space.entries:,} entries, filter {name}", f"{longest:.2f} ms", "", "", "", aim, "")
