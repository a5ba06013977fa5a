"""What the peers say, read from their text: conntrack -L -o extended,id, /proc/net/ip_vs_conn and ipvsadm -lnc."""

import ipaddress
import re

KNOWN_FLAGS = {"UNREPLIED", "ASSURED", "OFFLOAD", "HW_OFFLOAD"}


def conntrack_entries(text):
    """Entries by id and original tuple: the fields that kstate's JSON has too."""
    entries = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0] not in ("ipv4", "ipv6"):
            continue
        pairs = [word.split("=", 1) for word in words if "=" in word and not word.startswith("[")]
        split = [index for index, (key, _) in enumerate(pairs) if key == "src"][1]
        original, rest = dict(pairs[:split]), pairs[split:]
        reply, common = {}, {}
        for key, value in rest:
            target = reply if key in ("src", "dst", "sport", "dport", "type", "code", "id", "zone-reply", "srckey", "dstkey") and key not in reply else common
            target[key] = value
        if "type" not in original and "id" in reply:  # the entry's own id, not an ICMP one
            common["id"] = reply.pop("id")
        state = words[5] if not "=" in words[5] and not words[5].startswith("[") else None
        timeout = int(words[4]) if words[4].isdigit() else None
        entries.append({
            "family": words[0], "protocol": int(words[3]), "timeout": timeout, "state": state,
            "original": original, "reply": reply, "flags": set(re.findall(r"\[(\w+)\]", line)) & KNOWN_FLAGS,
            "mark": int(common.get("mark", 0)), "use": int(common["use"]), "id": int(common["id"]),
            "zone": int(common.get("zone", original.get("zone-orig", 0))),
        })
    return entries


def hexadecimal_address(text):
    if len(text) == 8:
        return str(ipaddress.IPv4Address(int(text, 16)))
    return str(ipaddress.IPv6Address(text))


def ip_vs_rows(text):
    """Rows of /proc/net/ip_vs_conn and of ip_vs_conn_sync: protocol, client, service, backend, state, seconds."""
    rows = []
    for line in text.splitlines()[1:]:
        words = line.split()
        ends = [(hexadecimal_address(words[index]), int(words[index + 1], 16)) for index in (1, 3, 5)]
        seconds = words[9] if words[8] in ("LOCAL", "SYNC") else words[8]
        rows.append((words[0].lower(), *ends, words[7], int(seconds)))
    return rows


def ipvsadm_rows(text):
    """Rows of ipvsadm -lnc: protocol, client, service, backend, state, seconds, as ip_vs_rows has them."""
    rows = []
    for line in text.splitlines()[2:]:
        words = line.split()
        minutes, seconds = words[1].split(":")
        rows.append((words[0].lower(), *(endpoint(word) for word in words[3:6]), words[2], int(minutes) * 60 + int(seconds)))
    return rows


def endpoint(text):
    address, port = text.rsplit(":", 1)
    return str(ipaddress.ip_address(address.strip("[]"))), int(port)
