"""The virtual services of fact-printer, held against ipvsadm's listings, field by field."""

import comparison
import facts
import peers

FORWARDING = {"-g": "Route", "-i": "Tunnel", "-m": "Masq"}
COUNTERS = ("--stats", "--rate")


def identity(words):
    """What names a service in the columns of a listing, and what stands after it."""
    if words[0] == "FWM":
        family = 6 if words[2:3] == ["IPv6"] else 4
        return ("mark", int(words[1]), family), words[3 if family == 6 else 2:]
    return (words[0].lower(), *peers.endpoint(words[1])), words[2:]


def listing(*options):
    """Numbers of each service and of each of its backends, from a listing without its two lines of heading."""
    rows, service = {}, None
    for line in comparison.run("ipvsadm", "-Ln", *options).splitlines():
        words = line.split()
        if words[0] in ("IP", "Prot") or words[:2] == ["->", "RemoteAddress:Port"]:
            continue
        if words[0] == "->":
            rows[service, peers.endpoint(words[1])] = words[2:]
        else:
            service, rest = identity(words)
            rows[service, None] = rest
    return rows


def configuration():
    """What `ipvsadm -Sn` would restore: the options of each service and of each of its backends."""
    rows = {}
    for line in comparison.run("ipvsadm", "-Sn").splitlines():
        words = line.split()
        kind, name = words[1], words[2]
        words = words[3:]
        if kind == "-f":
            service = ("mark", int(name), 6 if "-6" in words else 4)
        else:
            service = ({"-t": "tcp", "-u": "udp", "--sctp-service": "sctp"}[kind], *peers.endpoint(name))
        if line.startswith("-A"):
            rows[service, None] = words
        else:
            rows[service, peers.endpoint(option(words, "-r"))] = words
    return rows


def option(words, name, default=None):
    return words[words.index(name) + 1] if name in words else default


def theirs():
    saved, numbers = configuration(), {words: listing(words, "--exact") for words in COUNTERS}
    connections, limits, templates = listing(), listing("--thresholds"), listing("--persistent-conn")
    found = {}
    for key, words in saved.items():
        service, backend = key
        counters = [int(number) for words in COUNTERS for number in numbers[words][key]]
        if backend is None:
            persistence = option(words, "-p")
            family = 6 if ":" in str(service[1]) or service[0] == "mark" and service[2] == 6 else 4
            found[key] = {
                "scheduler": option(words, "-s"), "one_packet": "-o" in words, "engine": option(words, "--pe"),
                "persistence": persistence and int(persistence), "netmask": persistence and netmask(option(words, "-M"), family),
                "counters": counters}
        else:
            active, inactive = connections[key][2:4]
            found[key] = {
                "forwarding": next(FORWARDING[word] for word in words if word in FORWARDING), "weight": int(option(words, "-w")),
                "active": int(active), "inactive": int(inactive), "upper": int(limits[key][0]), "lower": int(limits[key][1]),
                "persistent": int(templates[key][1]), "counters": counters}
    return found


def netmask(text, family):
    if family == 6:
        return int(text or 128)
    return int.from_bytes(bytes(int(part) for part in (text or "255.255.255.255").split(".")), "big")


def ours(*place):
    found = {}
    for service in facts.facts(*place).get("service", []):
        name = ("mark", service["mark"], service["family"]) if "mark" in service else (service["protocol"], service["address"], service["port"])
        found[name, None] = {key: service[key] for key in ("scheduler", "engine", "persistence", "netmask", "counters")}
        found[name, None]["one_packet"] = bool(service["flags"] & 4)
        for backend in service["backends"]:
            endpoint = backend.pop("address"), backend.pop("port")
            found[name, endpoint] = backend
    return found


def compare(test):
    return comparison.settled(test, ours, theirs)


def daemons():
    rows = []
    for line in comparison.run("ipvsadm", "-L", "--daemon").splitlines():
        words = line.replace("(", " ").replace(",", "").replace(")", "").split()
        values = dict(word.split("=") for word in words if "=" in word)
        rows.append({"role": words[0], "interface": values["mcast"], "id": int(values["syncid"])})
    return rows


def compare_information(test):
    """Version, timeouts and daemons."""
    information, = facts.facts()["ipvs"]
    version = "{}.{}.{}".format(*(information["version"] >> shift & 0xff for shift in (16, 8, 0)))
    heading = comparison.run("ipvsadm", "-Ln").splitlines()[0]
    test.assertEqual(heading, f"IP Virtual Server version {version} (size={information['size']})")
    timeouts = comparison.run("ipvsadm", "-L", "--timeout").split(":")[1].split()
    test.assertEqual(information["timeouts"], [int(number) for number in timeouts])
    test.assertEqual(information["daemons"], daemons())
    return information
