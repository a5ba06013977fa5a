"""kstate's JSON held against the peers' text of the same tables, entry by entry and field by field.

The two are read a moment apart, so that timers may differ, and nothing else may: the peer is read before and after kstate,
since a SYN that a client sends again in between sets a timer back to its start. An entry that begins, ends or changes in between
differs in one pair of readings, and what kstate gets wrong in each: pairs are made until one agrees, and no more than some."""

import collections
import json
import os
import subprocess
import time

import peers

KSTATE = os.environ["KSTATE"]
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "dccp": 33, "gre": 47, "icmpv6": 58, "sctp": 132, "udplite": 136}


def run(*command, netns=None, check=True):
    words = (["ip", "netns", "exec", netns] if netns else []) + list(command)
    return subprocess.run(words, capture_output=True, text=True, check=check).stdout


def kstate(*arguments, netns=None):
    place = ["--netns", netns] if netns else []
    return run(KSTATE, "conn", *arguments, *place)


def settled(test, ours, theirs, tries=20):
    """Compares two readings of something that moves by itself: what differs each time, differs."""
    for _ in range(tries):
        found, other = ours(), theirs()
        if found == other:
            return found
    if isinstance(found, dict):  # all of two large ones nobody could read
        pairs = (found, other), (other, found)
        found, other = ({key: value for key, value in one.items() if key not in two or two[key] != value} for one, two in pairs)
    test.maxDiff = None
    test.assertEqual(found, other)


def conntrack_key(entry):
    """Everything but the timer."""
    original, reply = entry["original"], entry["reply"]

    def half(words):
        if "srckey" in words:  # GRE's keys stand where others have ports, in hexadecimal
            return words["src"], words["dst"], *(str(int(words[key], 16)) for key in ("srckey", "dstkey"))
        port = words.get("sport", words.get("type")), words.get("dport", words.get("code"))
        return words["src"], words["dst"], *port

    return (entry["family"], entry["protocol"], entry["state"], half(original), half(reply), frozenset(entry["flags"]),
            entry["mark"], entry["use"], entry["id"], entry["zone"])


def kstate_key(connection):
    """The same of a record that kstate made without knowing any virtual service: its ends are the tuples' ends."""
    flow = connection["conntrack"]
    client, backend = connection["client"], connection["backend"]
    asked = connection["service"] or backend
    seen = connection["translated_client"] or client

    def half(source, destination):
        if "icmp" in source:
            return source["address"], destination["address"], str(source["icmp"]["type"]), str(source["icmp"]["code"])
        port = [str(end["port"]) if "port" in end else None for end in (source, destination)]
        return source["address"], destination["address"], *port

    protocol = PROTOCOLS.get(connection["protocol"]) or int(connection["protocol"])
    original, reply = half(client, asked), half(backend, seen)
    if "icmp" in client:  # an untranslated reply has no record of its own: its type answers the original's
        reply = reply[:2] + (str({8: 0, 128: 129, 13: 14, 17: 18}.get(client["icmp"]["type"], client["icmp"]["type"])), reply[3])
    return (connection["family"], protocol, flow["state"], original, reply, frozenset(flow["flags"]) & peers.KNOWN_FLAGS,
            flow["mark"], flow["use"], flow["id"], flow.get("zone_original", flow["zone"]))


def compare_timers(test, ours, before, after, apart):
    """Each timer lies between the peer's two readings, give or take the seconds from the first to the last."""
    for key, seconds in ours.items():
        if seconds is not None:
            readings = [reading[key] for reading in (before, after) if key in reading]
            test.assertTrue(min(readings) - apart <= seconds <= max(readings) + apart, (key, seconds, readings, apart))


def conntrack_timers(netns):
    listing = run("conntrack", "-L", "-o", "extended,id", netns=netns)
    return {conntrack_key(entry): entry["timeout"] for entry in peers.conntrack_entries(listing)}


def compare_conntrack(test, netns=None):
    """Every entry of `conntrack -L` is in kstate's JSON, and no other; so are the lines of `-o conntrack`."""
    start, before, timers, after = None, {}, {}, {}

    def ours():
        nonlocal start, before, timers
        start = time.monotonic()
        before = conntrack_timers(netns)
        document = json.loads(kstate("--table", "conntrack", "-o", "json", netns=netns))
        timers = {kstate_key(connection): connection["conntrack"]["timeout_s"] for connection in document["connections"]}
        test.assertTrue(document["tables"]["conntrack"]["complete"])
        test.assertEqual(document["tables"]["conntrack"]["read"], len(document["connections"]))
        test.assertEqual(len(timers), len(document["connections"]), "two records with one name")
        return set(timers)

    def theirs():
        nonlocal after
        after = conntrack_timers(netns)
        return set(after)
    # Few tries: of a hundred thousand entries each takes seconds.
    settled(test, ours, theirs, tries=3)
    compare_timers(test, timers, before, after, time.monotonic() - start + 1)
    compare_lines(test, netns)
    return len(timers)


def without_timers(text):
    """Lines without what differs between two moments, the timer and an age in seconds; each with how often it occurs."""
    lines = []
    for line in text.splitlines():
        words = line.split()
        if len(words) > 2 and words[2].isdigit():
            words[2] = "T"
        lines.append(" ".join(word for word in words if not word.startswith("delta-time=")))
    return dict(collections.Counter(lines))


def compare_lines(test, netns=None):
    def ours():
        return without_timers(kstate("--table", "conntrack", "-o", "conntrack", netns=netns))
    settled(test, ours, lambda: without_timers(run("conntrack", "-L", netns=netns)), tries=3)


def ipvs_timers():
    with open("/proc/net/ip_vs_conn") as table:
        return {row[:5]: row[5] for row in peers.ip_vs_rows(table.read())}


def compare_ipvs(test):
    """Every row of the proc file is in kstate's JSON, and no other; ipvsadm agrees."""
    start, before, timers, after = None, {}, {}, {}

    def ours():
        nonlocal start, before, timers
        start = time.monotonic()
        before = ipvs_timers()
        document = json.loads(kstate("--table", "ipvs", "-o", "json"))
        timers = {}
        for connection in document["connections"]:
            ends = [connection[name] for name in ("client", "service", "backend")]
            key = connection["protocol"], *((end["address"], end["port"]) for end in ends), connection["ipvs"]["state"]
            timers[key] = connection["ipvs"]["expires_s"]
        test.assertEqual(len(timers), len(document["connections"]), "two records with one name")
        test.assertTrue(document["tables"]["ipvs"]["complete"])
        return set(timers)

    def theirs():
        nonlocal after
        after = ipvs_timers()
        return set(after)

    def ipvsadm():
        return collections.Counter(row[:5] for row in peers.ipvsadm_rows(run("ipvsadm", "-lnc")))
    settled(test, ours, theirs)
    compare_timers(test, timers, before, after, time.monotonic() - start + 1)
    settled(test, lambda: collections.Counter(ours()), ipvsadm)
    return len(timers)


def compare_join(test):
    """The joined view against a join made here from both peers' texts: the backend and the state in IPVS of each connection, and the id
    of its conntrack entry, where it has one."""
    def ours():
        found = {}
        for connection in json.loads(kstate("-o", "json"))["connections"]:
            if connection["ipvs"] and not connection["ipvs"].get("template"):
                client, service, backend = ((connection[name]["address"], connection[name]["port"]) for name in ("client", "service", "backend"))
                flow = connection["conntrack"]
                found[(connection["protocol"], client, service)] = backend, connection["ipvs"]["state"], flow and flow["id"]
        return found

    def theirs():
        with open("/proc/net/ip_vs_conn") as table:
            rows = [row for row in peers.ip_vs_rows(table.read()) if row[1][1] != 0]
        ids = {}
        for entry in peers.conntrack_entries(run("conntrack", "-L", "-o", "extended,id")):
            original = entry["original"]
            if "sport" in original:
                name = {number: name for name, number in PROTOCOLS.items()}[entry["protocol"]]
                ids[(name, (original["src"], int(original["sport"])), (original["dst"], int(original["dport"])))] = entry["id"]
        return {row[:3]: (row[3], row[4], ids.get(row[:3])) for row in rows}
    return sum(entry is not None for *_, entry in settled(test, ours, theirs).values())
