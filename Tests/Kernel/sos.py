"""An sos report of this node, as far as kstate reads one: what the plugins run, in files that are called as they call them."""

import os
import re
import shutil
import subprocess

HOST = {
    "networking": ["ip -o addr", "ip route show table all", "ip -6 route show table all", "ip -d route show cache", "ip -s -d link", "ip -d address",
                   "ip -4 rule list", "ip maddr show", "ip -s -s neigh show", "ip neigh show nud noarp", "bridge -s -s -d link show",
                   "bridge -s -s -d -t fdb show", "ip netns"],
    "conntrack": ["conntrack -L -o extended", "conntrack -S"],
    "ipvs": ["ipvsadm -Ln", "ipvsadm -Ln --connection", "ipvsadm -Ln --persistent-conn", "ipvsadm -Ln --rate", "ipvsadm -Ln --stats",
             "ipvsadm -Ln --thresholds", "ipvsadm -Ln --timeout"],
    "kernel": ["uname -a", "sysctl -a"],
    "host": ["hostname"],
    "date": ["date", "date --utc"],
}
NAMESPACE = {
    "networking/namespaces/{}": ["ip -d address show", "ip route show table all", "ip -s -s neigh show", "sysctl -a"],
    "conntrack": ["conntrack -L -o extended", "conntrack -S"],
}
PROC = ["net/nf_conntrack", "net/ip_vs", "net/ip_vs_conn", "net/stat/nf_conntrack"]


def save(root, folder, command):
    name = re.sub(r"[^\w\-./]+", "_", command).replace("/", ".").strip(" ._-")
    path = os.path.join(root, "sos_commands", folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        subprocess.run(command.split(), stdout=file, stderr=subprocess.STDOUT, env={**os.environ, "LC_ALL": "C"})


def report(root, namespaces=()):
    for folder, commands in HOST.items():
        for command in commands:
            save(root, folder, command)
    for namespace in namespaces:
        for folder, commands in NAMESPACE.items():
            for command in commands:
                save(root, folder.format(namespace), f"ip netns exec {namespace} {command}")
    for name in PROC:
        if os.path.exists(f"/proc/{name}"):
            path = os.path.join(root, "proc", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copyfile(f"/proc/{name}", path)
    os.makedirs(os.path.join(root, "etc"))
    shutil.copyfile("/etc/resolv.conf", os.path.join(root, "etc/resolv.conf"))
    return root
