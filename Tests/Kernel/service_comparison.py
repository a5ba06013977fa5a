"""Histograms of states for each backend, counted from the peers' text without kstate, against those of kstate service."""

import collections
import json
import subprocess

import comparison
import peers


def kstate_services(*arguments, netns=None):
    command = [comparison.KSTATE, "service", "-o", "json", *arguments] + (["--netns", netns] if netns else [])
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["services"]


def histograms(services, table):
    """States by (protocol, service address, port, backend address, port)."""
    return {
        (service["protocol"], service["address"], service["port"], backend["address"], backend["port"]): backend["connections"][table]
        for service in services if service.get("port") for backend in service["backends"] if backend["connections"][table]
    }


def translated(text):
    """What conntrack -L tells of entries whose answers come from elsewhere than was asked."""
    names = {6: "tcp", 17: "udp", 132: "sctp", 136: "udplite"}
    counts = collections.defaultdict(collections.Counter)
    for entry in peers.conntrack_entries(text):
        original, reply = entry["original"], entry["reply"]
        if entry["protocol"] not in names or (original["dst"], original["dport"]) == (reply["src"], reply["sport"]):
            continue
        state = entry["state"]
        if state is None:
            state = "UNREPLIED" if "UNREPLIED" in entry["flags"] else "ASSURED" if "ASSURED" in entry["flags"] else "SEEN_REPLY"
        key = (names[entry["protocol"]], original["dst"], int(original["dport"]), reply["src"], int(reply["sport"]))
        counts[key][state] += 1
    return {key: dict(counter) for key, counter in counts.items()}


def ipvs(text):
    """What /proc/net/ip_vs_conn tells, templates left out."""
    counts = collections.defaultdict(collections.Counter)
    for protocol, client, service, backend, state, _ in peers.ip_vs_rows(text):
        if client[1] != 0:
            counts[(protocol, *service, *backend)][state] += 1
    return {key: dict(counter) for key, counter in counts.items()}


def destinations(text):
    """ActiveConn and InActConn of ipvsadm -Ln by (service, backend)."""
    counts, service = {}, None
    for line in text.splitlines()[3:]:
        words = line.split()
        if words[0] == "->":
            counts[(service, words[1])] = (int(words[4]), int(words[5]))
        else:
            service = words[1]
    return counts
