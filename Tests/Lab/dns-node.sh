# dns-node.sh - source this in a guest: it becomes the Kubernetes node of the DNS story, with IPVS as kube-proxy sets it up.
#
#   10.233.0.3  53/udp 53/tcp 9153/tcp -> pods 10.233.74.65 (answers) and 10.233.71.1 (drops 9153)
#   fd00:10:233::3  53/udp -> fd00:10:244::65          10.233.0.80  80/tcp -> 10.233.74.65:8080
#   client pod c1: 10.233.75.9, fd00:10:244::9; the node is a client too, masqueraded.
lab=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.vs.conntrack=1 net.ipv4.conf.all.rp_filter=0

pod() { # pod NAME IPV4 IPV6: a veth with a /32 and a link-local gateway, as Calico wires one
  local name=$1 ipv4=$2 ipv6=$3
  ip netns add "$name"
  ip link add "v$name" type veth peer name eth0 netns "$name"
  ip link set "v$name" up
  ip -n "$name" link set lo up
  ip -n "$name" addr add "$ipv4/32" dev eth0
  ip -n "$name" addr add "$ipv6/128" dev eth0 nodad
  ip -n "$name" link set eth0 up
  ip -n "$name" route add 169.254.1.1 dev eth0 scope link
  ip -n "$name" route add default via 169.254.1.1 dev eth0
  ip -n "$name" -6 route add default via fe80::1 dev eth0
  ip addr add 169.254.1.1/32 dev "v$name"
  ip addr add fe80::1/64 dev "v$name" nodad
  ip route add "$ipv4/32" dev "v$name"
  ip -6 route add "$ipv6/128" dev "v$name"
}

serve() { # serve NAME: what a coredns pod serves, and a web server on 8080
  ip netns exec "$1" dnsmasq --no-daemon --no-resolv --no-hosts --user=root --pid-file= \
    --address=/kubernetes.default.svc.cluster.local/10.233.0.1 >/dev/null 2>&1 &
  local port
  for port in 9153 8080; do ip netns exec "$1" python3 -m http.server "$port" -d /run >/dev/null 2>&1 & done
}

virtual() { # virtual -t|-u VIP:PORT POD:PORT...: a masquerading service
  local kind=$1 service=$2 backend
  shift 2
  ipvsadm -A "$kind" "$service" -s rr
  for backend in "$@"; do ipvsadm -a "$kind" "$service" -r "$backend" -m; done
}

pod p1 10.233.74.65 fd00:10:244::65
pod p2 10.233.71.1 fd00:10:244::71
pod c1 10.233.75.9 fd00:10:244::9
serve p1
serve p2
ip netns exec p2 iptables-legacy -A INPUT -p tcp --dport 9153 -j DROP
ip link add kube-ipvs0 type dummy
for address in 10.233.0.3/32 10.233.0.80/32; do ip addr add "$address" dev kube-ipvs0; done
ip addr add fd00:10:233::3/128 dev kube-ipvs0 nodad
ip link set kube-ipvs0 up
for port in 53 9153; do virtual -t 10.233.0.3:$port 10.233.74.65:$port 10.233.71.1:$port; done
virtual -u 10.233.0.3:53 10.233.74.65:53 10.233.71.1:53
virtual -u '[fd00:10:233::3]:53' '[fd00:10:244::65]:53'
virtual -t 10.233.0.80:80 10.233.74.65:8080
for tables in iptables-legacy ip6tables-legacy; do $tables -A INPUT -m conntrack --ctstate NEW -j ACCEPT; done
iptables-legacy -t nat -A POSTROUTING -s 10.233.0.3 -j MASQUERADE
for _ in $(seq 300); do
  ip netns exec c1 python3 -c 'import socket; socket.create_connection(("10.233.74.65",8080),1)' 2>/dev/null && break
  sleep 0.2
done

clients() { # clients SECONDS: from c1 and from the node, four connections to :9153 and one to :80 held open, and DNS queries
  cat > /run/clients.py <<'PY'
import socket, sys
import held
query = bytes.fromhex("abcd01000001000000000000") + b"\x0akubernetes\x07default\x03svc\x07cluster\x05local\x00\x00\x01\x00\x01"
resolvers = []
def ask():
    for family, vip in ((socket.AF_INET, "10.233.0.3"), (socket.AF_INET6, "fd00:10:233::3")):
        resolvers.append(socket.socket(family, socket.SOCK_DGRAM))  # open for an answer that comes late
        resolvers[-1].settimeout(1)
        try:
            resolvers[-1].sendto(query, (vip, 53))
            resolvers[-1].recvfrom(512)
        except OSError as error:
            print(vip, error)
    open(sys.argv[2], "w").close()
held.hold([("10.233.0.3", 9153)] * 4 + [("10.233.0.80", 80)], float(sys.argv[1]), ask)
PY
  export PYTHONPATH=$lab
  ip netns exec c1 python3 /run/clients.py "$1" /run/asked-by-c1 &
  python3 /run/clients.py "$1" /run/asked-by-node &
  for _ in $(seq 300); do # of the two's ten connections six are answered
    [ -e /run/asked-by-c1 ] && [ -e /run/asked-by-node ] && [ "$(grep -c ESTABLISHED /proc/net/ip_vs_conn)" -ge 6 ] && break
    sleep 0.1
  done
  sleep 2 # an unanswered connection's first second excuses its backend
}
