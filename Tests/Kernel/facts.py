"""What fact-printer says of a node, held against ip, bridge, sysctl, conntrack -S and ipvsadm, field by field."""

import ipaddress
import json
import os
import re
import subprocess

import comparison
from comparison import settled

PRINTER = os.path.join(os.path.dirname(comparison.KSTATE), "fact-printer")
STATES = {"INCOMPLETE": 1, "REACHABLE": 2, "STALE": 4, "DELAY": 8, "PROBE": 16, "FAILED": 32, "NOARP": 64, "PERMANENT": 128, "NONE": 0}
# They change by themselves between two readings.
RESTLESS = {"net.netfilter.nf_conntrack_count"}


def facts(*place, netns=None):
    """Every kind of fact with what was said of it, in order."""
    found = {}
    for line in comparison.run(PRINTER, *place, netns=netns).splitlines():
        (kind, value), = json.loads(line).items()
        found.setdefault(kind, []).append(value)
    return found


def by_json(netns, *command):
    return json.loads(comparison.run(*command, netns=netns) or "[]")


def prefix(text, family):
    if text == "default":
        text = "0.0.0.0/0" if family == 4 else "::/0"
    return str(ipaddress.ip_network(text))


def their_interfaces(netns):
    links = by_json(netns, "ip", "-j", "-d", "link")
    index = {link["ifname"]: link["ifindex"] for link in links}
    addresses = {link["ifindex"]: [f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"]] for link in by_json(netns, "ip", "-j", "addr")}
    interfaces = {}
    for link in links:
        information = link.get("linkinfo", {})
        kind, data = information.get("info_kind", ""), information.get("info_data", {})
        below = data.get("link") or link.get("link")
        remote, local = (data.get(end) or data.get(end + "6") for end in ("remote", "local"))
        interfaces[link["ifname"]] = {
            "index": link["ifindex"], "kind": kind, "up": "UP" in link["flags"], "mtu": link["mtu"],
            "addresses": sorted(addresses[link["ifindex"]]), "port": data.get("port"), "vni": data.get("id"),
            "local": None if local == "any" else local, "remote": None if remote == "any" else remote,
            "lower": link.get("link_index") or index.get(below)}
    return interfaces


def compare_interfaces(test, netns=None):
    def ours():
        found = {}
        for interface in facts(netns=netns)["interface"]:
            interface["addresses"].sort()
            found[interface.pop("name")] = interface
        return found
    return settled(test, ours, lambda: their_interfaces(netns))


def their_routes(netns):
    index = {link["ifname"]: link["ifindex"] for link in by_json(netns, "ip", "-j", "link")}
    routes = []
    for family in (4, 6):
        for route in by_json(netns, "ip", f"-{family}", "-j", "-N", "-d", "route", "show", "table", "all"):
            for hop in route.get("nexthops", [route]):
                gateway = hop.get("gateway") or hop.get("via", {}).get("host")
                routes.append((prefix(route["dst"], family), gateway, index.get(hop.get("dev")), route.get("prefsrc"),
                               int(route.get("table", 254)), route.get("metric", 0), int(route["type"])))
    return sorted(routes, key=str)


def compare_routes(test, netns=None):
    def ours():
        fields = ("destination", "gateway", "interface", "source", "table", "metric", "type")
        return sorted((tuple(route[field] for field in fields) for route in facts(netns=netns)["route"]), key=str)
    return settled(test, ours, lambda: their_routes(netns))


def link_address(text):
    """Ethernet addresses alone are numbers."""
    return int(text.replace(":", ""), 16) if text and text.count(":") == 5 else None


def their_neighbours(netns):
    index = {link["ifname"]: link["ifindex"] for link in by_json(netns, "ip", "-j", "link")}
    found = []
    for entry in by_json(netns, "ip", "-j", "neigh", "show", "nud", "all"):
        state = sum(STATES[word] for word in entry["state"])
        found.append((index[entry["dev"]], entry["dst"], link_address(entry.get("lladdr")), state, None))
    for entry in by_json(netns, "bridge", "-j", "fdb", "show"):
        address = link_address(entry["mac"])
        if entry.get("dst") or not address >> 40 & 1:  # groups that a link listens to lead nowhere
            found.append((index[entry["ifname"]], None, address, None, entry.get("dst")))
    return sorted(found, key=str)


def compare_neighbours(test, netns=None):
    def ours():
        found = []
        for entry in facts(netns=netns).get("neighbour", []):
            state = entry["state"] if entry["address"] else None  # bridge(8) has other words for the states
            found.append((entry["interface"], entry["address"], entry["link_address"], state, entry["destination"]))
        return sorted(found, key=str)
    return settled(test, ours, lambda: their_neighbours(netns))


def compare_statistics(test, netns=None):
    def theirs():
        return [{key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line)} for line in comparison.run("conntrack", "-S", netns=netns).splitlines()]
    return settled(test, lambda: facts(netns=netns)["statistics"], theirs)


def compare_settings(test, netns=None):
    def ours():
        return {name: value for name, value in facts(netns=netns)["sysctls"][0].items() if name not in RESTLESS}

    names = ours().keys()

    def theirs():
        listing = (line.partition(" = ") for line in comparison.run("sysctl", "-a", netns=netns, check=False).splitlines())
        return {name: value for name, _, value in listing if name in names}
    return settled(test, ours, theirs)


def every_setting(test, netns=None):
    """No setting that sysctl(8) knows in the directories read whole is missing."""
    ours = facts(netns=netns)["sysctls"][0]
    wanted = re.compile(r"net\.(netfilter\.nf_(conntrack|flowtable)_|ipv4\.vs\.|bridge\.bridge-nf-call-)|.*\.rp_filter$")
    listing = comparison.run("sysctl", "-a", netns=netns, check=False).splitlines()
    test.assertEqual({line.split(" = ")[0] for line in listing if wanted.match(line)} - ours.keys(), set())
    for name in ("net.ipv4.ip_forward", "net.ipv4.tcp_keepalive_time", "net.ipv4.ip_local_port_range"):
        test.assertIn(name, ours)


def paths(addresses, netns=None):
    """The ways to each address by the facts alone."""
    return {address: ways for line in comparison.run(PRINTER, ".", "path", *addresses, netns=netns).splitlines() for address, ways in json.loads(line).items()}


def compare_paths(test, addresses, netns=None):
    """What the kernel answers for each address is among the ways that the facts lead to."""
    for address, ways in paths(addresses, netns).items():
        answer = subprocess.run(["ip", *(["-n", netns] if netns else []), "-j", "route", "get", address], capture_output=True, text=True)
        if answer.returncode:  # no route, or one that leads nowhere
            test.assertEqual([way for way in ways if way["interface"]], [], address)
            continue
        route, = json.loads(answer.stdout)
        local = route.get("type") == "local"
        test.assertIn((local, None if local else route["dev"], route.get("gateway") or route.get("via", {}).get("host")),
                      [(way["type"] == 2, None if way["type"] == 2 else way["interface"], way["gateway"]) for way in ways], address)
