"""kstate's JSON held against the peers' text of the same tables, entry by entry and field by field.

The two are read a moment apart, so that timers may differ, and nothing else may: the peer is read before and after kstate,
since a SYN that a client sends again in between sets a timer back to its start."""

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
    start = time.monotonic()
    before = conntrack_timers(netns)
    document = json.loads(kstate("--table", "conntrack", "-o", "json", netns=netns))
    theirs = conntrack_timers(netns)
    apart = time.monotonic() - start + 1
    ours = {kstate_key(connection): connection["conntrack"]["timeout_s"] for connection in document["connections"]}
    test.assertTrue(document["tables"]["conntrack"]["complete"])
    test.assertEqual(document["tables"]["conntrack"]["read"], len(document["connections"]))
    test.assertEqual(len(ours), len(document["connections"]), "two records with one name")
    test.assertEqual(set(ours) - set(theirs), set(), "kstate shows what conntrack does not")
    test.assertEqual(set(theirs) - set(ours), set(), "conntrack shows what kstate does not")
    compare_timers(test, ours, before, theirs, apart)
    compare_lines(test, netns)
    return len(ours)


def without_timers(text):
    """Lines without what differs between two moments: the timer, and an age in seconds."""
    lines = []
    for line in text.splitlines():
        words = line.split()
        if len(words) > 2 and words[2].isdigit():
            words[2] = "T"
        lines.append(" ".join(word for word in words if not word.startswith("delta-time=")))
    return collections.Counter(lines)


def compare_lines(test, netns=None):
    ours = without_timers(kstate("--table", "conntrack", "-o", "conntrack", netns=netns))
    theirs = without_timers(run("conntrack", "-L", netns=netns))
    test.assertEqual(ours, theirs)


def ipvs_timers():
    with open("/proc/net/ip_vs_conn") as table:
        return {row[:5]: row[5] for row in peers.ip_vs_rows(table.read())}


def compare_ipvs(test):
    """Every row of the proc file is in kstate's JSON, and no other; ipvsadm agrees."""
    start = time.monotonic()
    before = ipvs_timers()
    document = json.loads(kstate("--table", "ipvs", "-o", "json"))
    theirs = ipvs_timers()
    apart = time.monotonic() - start + 1
    ours = {}
    for connection in document["connections"]:
        ends = [connection[name] for name in ("client", "service", "backend")]
        ours[(connection["protocol"], *((end["address"], end["port"]) for end in ends), connection["ipvs"]["state"])] = connection["ipvs"]["expires_s"]
    test.assertEqual(set(ours), set(theirs))
    test.assertEqual(len(ours), len(document["connections"]))
    test.assertTrue(document["tables"]["ipvs"]["complete"])
    compare_timers(test, ours, before, theirs, apart)
    ipvsadm = collections.Counter(row[:5] for row in peers.ipvsadm_rows(run("ipvsadm", "-lnc")))
    test.assertEqual(ipvsadm, collections.Counter(list(ours)))
    return len(ours)


def compare_join(test):
    """The joined view against a join made here from both peers' texts."""
    document = json.loads(kstate("-o", "json"))
    with open("/proc/net/ip_vs_conn") as table:
        rows = {(row[0], row[1], row[2]): row for row in peers.ip_vs_rows(table.read()) if row[1][1] != 0}
    flows = {}
    for entry in peers.conntrack_entries(run("conntrack", "-L", "-o", "extended,id")):
        original = entry["original"]
        if "sport" in original:
            name = {number: name for name, number in PROTOCOLS.items()}[entry["protocol"]]
            flows[(name, (original["src"], int(original["sport"])), (original["dst"], int(original["dport"])))] = entry
    joined = {key for key in rows if key in flows}
    ours = {}
    for connection in document["connections"]:
        if connection["ipvs"] and not connection["ipvs"].get("template"):
            ends = [connection[name] for name in ("client", "service")]
            ours[(connection["protocol"], *((end["address"], end["port"]) for end in ends))] = connection
    test.assertEqual(set(ours), set(rows))
    test.assertEqual({key for key, connection in ours.items() if connection["conntrack"]}, joined)
    for key in joined:
        backend = ours[key]["backend"]
        test.assertEqual((backend["address"], backend["port"]), rows[key][3])
        test.assertEqual(ours[key]["conntrack"]["id"], flows[key]["id"])
        test.assertEqual(ours[key]["ipvs"]["state"], rows[key][4])
    return len(joined)
