"""What kstate reads from the peers' texts, held against a snapshot that it took of the same table."""

import collections
import contextlib
import datetime
import json
import os
import sqlite3
import subprocess

KSTATE = os.environ["KSTATE"]

# What a format of conntrack's carries of an entry beyond its two tuples.
ALWAYS = {"flags", "timeout_s", "zone_original", "zone_reply", "zone"}
LINE = ALWAYS | {"state", "mark", "use", "counters", "start", "helper"}
FORMATS = {
    "": LINE, "extended": LINE, "timestamp": LINE, "ktimestamp": LINE, "labels": LINE, "id": LINE | {"id"},
    "extended,id,ktimestamp,labels": LINE | {"id"}, "save": ALWAYS | {"state"}, "xml": (LINE | {"id"}) - {"start"},
    "xml,id,timestamp,ktimestamp": LINE | {"id"},
}
# /proc counts one reference more, its own, and names no helper.
PROC = LINE - {"use", "helper"}
TOLD_FLAGS = {"UNREPLIED", "ASSURED", "OFFLOAD", "HW_OFFLOAD"}


def records(path, *arguments):
    result = subprocess.run([KSTATE, "conn", "--from", path, "-o", "jsonl", *arguments], capture_output=True, text=True)
    return [json.loads(line) for line in result.stdout.splitlines()]


def seconds(text):
    return datetime.datetime.fromisoformat(text[:19]).timestamp()


def split(record, carried, knows_icmp):
    """An entry's name and fixed fields, and what may differ by the moments between two readings."""
    flow = {key: value for key, value in record["conntrack"].items() if key in carried}
    flow["flags"] = sorted(TOLD_FLAGS & set(flow["flags"]))
    timers = [flow.pop("timeout_s", None), seconds(flow.pop("start")) if "start" in flow else None]
    ends = {name: record[name] for name in ("client", "service", "backend", "translated_client")}
    if not knows_icmp:
        ends = {name: end and {key: value for key, value in end.items() if key != "icmp"} for name, end in ends.items()}
    return json.dumps([record["protocol"], record["family"], ends, flow], sort_keys=True), timers


def compare_conntrack(test, snapshots, path, carried, apart, knows_icmp=True):
    """Every entry of the snapshots, taken before the text and after it, is in the text with all that it carries, and no other.

    A packet that came in between set a timer back to its start: it lies between those of the two snapshots, give or take the
    seconds from one to the other."""
    before, after, ours = (collections.defaultdict(list) for _ in range(3))
    for source, found in zip((*snapshots, path), (before, after, ours)):
        for record in records(source, "--table", "conntrack"):
            name, timers = split(record, carried, knows_icmp)
            found[name].append(timers)
    for theirs in (before, after):
        test.assertEqual(sorted(set(ours) - set(theirs))[:3], [], f"{path}: not in the table")
        test.assertEqual(sorted(set(theirs) - set(ours))[:3], [], f"{path}: not read from the text")
    for name, found in ours.items():
        test.assertEqual((len(found), len(found)), (len(before[name]), len(after[name])), name)
        for entry in zip(*(sorted(side[name], key=str) for side in (before, after, ours))):
            for first, last, told in zip(*entry):
                test.assertEqual({first is None, last is None}, {told is None}, f"{path}: {name}")
                if told is not None:
                    test.assertTrue(min(first, last) - apart <= told <= max(first, last) + apart, f"{path}: {name}: {first, told, last}")
    return sum(len(found) for found in ours.values())


# What a snapshot knows beside the tables, of each place, with addresses as text.
FACTS = {
    "interfaces": """interface, interfaces.name, kind, is_up, mtu, tunnel_port, tunnel_identifier, local.text, lower_interface, remote.text
        FROM interfaces LEFT JOIN addresses local ON local.address = tunnel_local LEFT JOIN addresses remote ON remote.address = tunnel_remote""",
    "interface_addresses": "interface, text, prefix_length FROM interface_addresses JOIN addresses USING (address)",
    "routes": """destinations.text, prefix_length, gateways.text, interface, sources.text, table_number, metric, type FROM routes
        LEFT JOIN addresses destinations ON destinations.address = destination LEFT JOIN addresses gateways ON gateways.address = gateway
        LEFT JOIN addresses sources ON sources.address = preferred_source""",
    # bridge(8) has other words for the states
    "neighbours": """interface, own.text, link_address, iif(own.text IS NULL, NULL, state), outer_end.text FROM neighbours
        LEFT JOIN addresses own ON own.address = neighbours.address LEFT JOIN addresses outer_end ON outer_end.address = tunnel_destination""",
    "conntrack_statistics": """cpu, found, invalid, "insert", insert_failed, "drop", early_drop, error, search_restart, clash_resolve, chain_too_long
        FROM conntrack_statistics""",
    "resolvers": "resolvers.text FROM resolvers",
    "ipvs_settings": "version, connection_table_size, tcp_timeout, tcp_fin_timeout, udp_timeout FROM ipvs_settings",
    "ipvs_daemons": "role, interface, sync_identifier FROM ipvs_daemons",
}


def facts(snapshot, namespace=None):
    """The rows of each kind of fact, each once and in order, of one place."""
    with contextlib.closing(sqlite3.connect(snapshot)) as database:
        places = dict(database.execute("SELECT namespace, place FROM places"))
        place = places[namespace] if namespace else min(places.values())
        return {name: sorted(set(database.execute(f"SELECT {query} WHERE {name}.place = ?", [place])), key=str) for name, query in FACTS.items()}
