# forwarding.sh - source this in a guest: services forwarded by direct routing, tunnel and to the node itself, one by firewall
# mark and persistent ones, each with a connection in both tables.
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.vs.conntrack=1 net.ipv4.conf.all.rp_filter=0 net.netfilter.nf_conntrack_{acct,timestamp}=1
ip netns add client
ip link add c0 type veth peer name eth0 netns client
ip addr add 192.168.0.1/24 dev c0
ip link set c0 up
ip -n client addr add 192.168.0.10/24 dev eth0
ip -n client link set eth0 up
ip -n client route add default via 192.168.0.1
ip link add d0 type dummy
ip addr add 10.244.0.1/24 dev d0
ip link set d0 up
ip neigh add 10.244.0.5 lladdr 02:00:00:00:00:05 dev d0
ip link add vip type dummy
ip addr add 10.96.0.10/32 dev vip
ip link set vip up
iptables-legacy -A INPUT -m conntrack --ctstate NEW -j ACCEPT
iptables-legacy -t mangle -A PREROUTING -d 10.96.0.10 -p tcp --dport 84 -j MARK --set-mark 7

ipvsadm -A -t 10.96.0.10:81 -s rr -p 300; ipvsadm -a -t 10.96.0.10:81 -r 10.244.0.5:8080 -m
ipvsadm -A -t 10.96.0.10:82 -s rr; ipvsadm -a -t 10.96.0.10:82 -r 10.244.0.5:82 -i
ipvsadm -A -t 10.96.0.10:83 -s rr; ipvsadm -a -t 10.96.0.10:83 -r 10.244.0.5:83 -g
ipvsadm -A -f 7 -s rr -p 300; ipvsadm -a -f 7 -r 10.244.0.5 -m
ipvsadm -A -t 10.96.0.10:85 -s rr; ipvsadm -a -t 10.96.0.10:85 -r 10.96.0.10:85 -g
# The node's own backend answers: where a SYN is refused, conntrack drops the entry at once while IPVS keeps its own for ten seconds.
python3 -m http.server 85 --bind 10.96.0.10 -d /run >/dev/null 2>&1 &
for _ in $(seq 300); do ss -Hltn 'sport = :85' | grep -q 85 && break; sleep 0.2; done
# Nobody else need answer: the entries are what counts.
PYTHONPATH=$(dirname "$(realpath "${BASH_SOURCE[0]}")") ip netns exec client python3 -c '
import held
held.hold([("10.96.0.10", port) for port in (81, 82, 83, 84, 85)])' &
for _ in $(seq 300); do # five connections, one of them answered, and two templates
  [ "$(grep -c . /proc/net/ip_vs_conn)" -ge 8 ] && grep -q ESTABLISHED /proc/net/ip_vs_conn && break
  sleep 0.1
done
