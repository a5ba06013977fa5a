# two-nodes.sh - source this in a guest: two Kubernetes nodes as namespaces, each with its own conntrack and IPVS, joined by a VXLAN.
#
#   node1  10.0.0.1  pod1 10.233.71.5      service 10.233.0.3:9153/tcp -> 10.233.72.5:9153
#   node2  10.0.0.2  pod2 10.233.72.5      a web server on 9153
#
# A connection from pod1 through the service stands in node1's conntrack with pod2 in its reply, and in node2's, as it is on the
# wire, from pod1 to pod2: its twin. `lose PLACE` drops packets where they then die:
#   before_node   node2 drops what comes out of the overlay's UDP port: no twin
#   in_pod        pod2 drops what it is asked: the twin is SYN_SENT [UNREPLIED]
#   on_return     node1 drops what comes out of the overlay: the twin has a reply, node1's entry none
modprobe vxlan
mkdir -p /run/web

two_nodes_node() { # two_nodes_node NUMBER: a node, its pod and their link
  local number=$1
  ip netns add "node$number"
  ip netns add "pod$number"
  ip -n "node$number" link set lo up
  ip -n "pod$number" link set lo up
  ip netns exec "node$number" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.vs.conntrack=1
  ip link add "cali$number" netns "node$number" type veth peer name eth0 netns "pod$number"
  ip -n "node$number" addr add "10.233.7$number.1/24" dev "cali$number"
  ip -n "node$number" link set "cali$number" up
  ip -n "pod$number" addr add "10.233.7$number.5/24" dev eth0
  ip -n "pod$number" link set eth0 up
  ip -n "pod$number" route add default via "10.233.7$number.1"
  ip netns exec "node$number" iptables-legacy -A FORWARD -m conntrack --ctstate NEW -j ACCEPT
}

two_nodes_overlay() { # two_nodes_overlay HERE THERE: the VXLAN device, as flannel makes it
  local here=$1 there=$2
  ip -n "node$here" addr add "10.0.0.$here/24" dev "under$here"
  ip -n "node$here" link set "under$here" up
  ip -n "node$here" link add flannel.1 type vxlan id 1 dev "under$here" dstport 8472 local "10.0.0.$here" remote "10.0.0.$there"
  ip -n "node$here" addr add "10.233.7$here.0/32" dev flannel.1
  ip -n "node$here" link set flannel.1 up
  ip -n "node$here" route add "10.233.7$there.0/24" via "10.233.7$there.0" dev flannel.1 onlink
}

two_nodes_node 1
two_nodes_node 2
ip link add under1 netns node1 type veth peer name under2 netns node2
two_nodes_overlay 1 2
two_nodes_overlay 2 1
ip -n node1 link add kube-ipvs0 type dummy
ip -n node1 addr add 10.233.0.3/32 dev kube-ipvs0
ip netns exec node1 ipvsadm -A -t 10.233.0.3:9153 -s rr
ip netns exec node1 ipvsadm -a -t 10.233.0.3:9153 -r 10.233.72.5:9153 -m
ip netns exec pod2 python3 -m http.server 9153 -d /run/web >/dev/null 2>&1 &
for _ in $(seq 300); do
  ip netns exec pod1 python3 -c 'import socket; socket.create_connection(("10.233.72.5",9153),1)' 2>/dev/null && break
  sleep 0.2
done

lose() { # lose before_node|in_pod|on_return: from now on packets die there
  case $1 in
    before_node) ip netns exec node2 iptables-legacy -A INPUT -p udp --dport 8472 -j DROP ;;
    in_pod) ip netns exec pod2 iptables-legacy -A INPUT -p tcp --dport 9153 -j DROP ;;
    on_return) ip netns exec node1 iptables-legacy -A INPUT -p udp --dport 8472 -j DROP ;;
  esac
}

keep() { # keep: nothing is lost any more, and nothing that was asked so far is left
  local node
  kill "${two_nodes_asking[@]}" 2>/dev/null
  two_nodes_asking=()
  ip netns exec pod2 iptables-legacy -F INPUT
  for node in node1 node2; do
    ip netns exec $node iptables-legacy -F INPUT
    ip netns exec $node conntrack -F 2>/dev/null
  done
}

two_nodes_asking=()
ask() { # ask COUNT: that many connections from pod1 through the service, held open until `keep`
  ip netns exec pod1 python3 -c "
import socket, time
held = []
for _ in range($1):
    connection = socket.socket()
    connection.setblocking(False)
    connection.connect_ex(('10.233.0.3', 9153))
    held.append(connection)
time.sleep(600)" &
  two_nodes_asking+=($!)
  for _ in $(seq 300); do
    [ "$(ip netns exec node1 conntrack -L -d 10.233.0.3 2>/dev/null | wc -l)" -ge "$1" ] && break
    sleep 0.1
  done
  sleep 1.5 # what is answered is answered by then, and what is not is late
}

save() { # save FILE-PREFIX: a snapshot of each node, under its own host name, as PREFIX.node1 and PREFIX.node2
  local node
  for node in node1 node2; do
    ip netns exec $node unshare --uts bash -c "hostname $node; exec \"$KSTATE\" snapshot save $1.$node" >/dev/null
  done
}
