# ipvs.sh COUNT - in a guest (Tests/Lab/uml): fills the IPVS table with COUNT connections, each with its conntrack twin, and
# compares kstate with the floor and the peer.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
sysctl -qw net.ipv4.vs.conntrack=1 net.netfilter.nf_conntrack_max=1000000 net.netfilter.nf_conntrack_udp_timeout=7200 \
  net.ipv4.ip_forward=1
iptables-legacy -A OUTPUT -m conntrack --ctstate INVALID -j DROP # without a rule, conntrack keeps nothing
ip link add vip type dummy
ip addr add 10.96.0.10/32 dev vip
ip link set vip up
ip route add 10.244.0.0/16 dev vip # backends that swallow what they get
ip route add local 10.64.0.0/12 dev lo # as many clients as datagrams
ipvsadm --set 7200 120 7200
ipvsadm -A -u 10.96.0.10:53 -s rr
for backend in 1 2 3 4; do ipvsadm -a -u 10.96.0.10:53 -r 10.244.0.$backend:53 -m; done
exec python3 "$here/ipvs.py" "$1"
