# lib.sh - what the scenarios are made of: a node as a namespace with pods on links of their own, on whatever kernel this is run.
#
# A scenario is a script that sets $expects (the rules that doctor must name, none for a healthy one), and makes its state with
# the functions below; $may are rules that it may name beside them; names are $lab-NAME, so that scenarios run side by side. $options are doctor's, beside `--netns $lab-node`.
lab_directory=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
lab_pids=()

in_ns() { # in_ns NAME COMMAND...
  local name=$1
  shift
  ip netns exec "$lab-$name" "$@"
}

options="" expects="" may=""

node() { # the router that services live on
  ip netns add "$lab-node"
  ip -n "$lab-node" link set lo up
  in_ns node sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
  # conntrack follows a namespace's packets from the first rule on that asks for it.
  in_ns node iptables-legacy -A FORWARD -m conntrack --ctstate NEW -j ACCEPT
  in_ns node iptables-legacy -A INPUT -m conntrack --ctstate NEW -j ACCEPT
}

pod() { # pod NAME ADDRESS [NODE]: a /32 behind a veth of the node, as Calico wires one
  local router=$lab-${3:-node}
  ip netns add "$lab-$1"
  ip link add "cali-$1" netns "$router" type veth peer name eth0 netns "$lab-$1"
  ip -n "$router" addr add 169.254.1.1/32 dev "cali-$1"
  ip -n "$router" link set "cali-$1" up
  ip -n "$router" route add "$2/32" dev "cali-$1"
  ip -n "$lab-$1" link set lo up
  ip -n "$lab-$1" addr add "$2/32" dev eth0
  ip -n "$lab-$1" link set eth0 up
  ip -n "$lab-$1" route add 169.254.1.1 dev eth0 scope link
  ip -n "$lab-$1" route add default via 169.254.1.1 dev eth0
}

run() { # run NAME COMMAND...: in the background, until the scenario ends
  local name=$1
  shift
  ip netns exec "$lab-$name" "$@" >/dev/null 2>&1 &
  lab_pids+=($!)
}

traffic() { # traffic NAME VERB ARGUMENT...: of traffic.py
  local name=$1
  shift
  run "$name" python3 "$lab_directory/../traffic.py" "$@"
}

until_true() { # until_true WHAT COMMAND...: until the command succeeds, for half a minute and longer on a slow machine
  local what=$1 attempt
  shift
  for attempt in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "it did not come to this: $what" >&2
  return 1
}

await() { # await NAME ADDRESS PORT: until something listens there
  until_true "something listens on $2:$3" in_ns "$1" python3 -c "import socket; socket.create_connection(('$2', $3), 0.5)"
}

has_entries() { # has_entries COUNT ARGUMENT...: whether conntrack -L with these lists as many, or more
  local count=$1
  shift
  [ "$(in_ns node conntrack -L "$@" 2>/dev/null | grep -c .)" -ge "$count" ]
}

until_entries() { until_true "$1 conntrack entries: ${*:2}" has_entries "$@"; }

until_entry() { until_entries 1 "$@"; } # until_entry ARGUMENT...

has_ipvs() { [ "$(in_ns node ipvsadm -lnc | grep -c -- "$1")" -ge "${2:-1}" ]; }

until_ipvs() { # until_ipvs PATTERN [COUNT]: until ipvsadm -lnc has a line of it, or as many
  until_true "${2:-1} IPVS connections: $1" has_ipvs "$@"
}

pods() { # pods NAME=ADDRESS...: answering on TCP and UDP 53 and TCP 8080; c1 and others of 10.244.1.0/24 answer nothing
  local word
  for word in "$@"; do
    pod "${word%=*}" "${word#*=}"
    case ${word#*=} in 10.244.1.*) ;; *) traffic "${word%=*}" serve 53 8080 ;; esac
  done
  for word in "$@"; do case ${word#*=} in 10.244.1.*) ;; *) await node "${word#*=}" 8080 ;; esac; done
}

cluster() { # cluster "SERVICE ADDRESS PROTOCOL PORT TARGET"... "POD ADDRESS NODE SERVICE"...: what kubectl would print of such a cluster
  python3 "$lab_directory/../cluster.py" "$@"
}

overlay() { # overlay: another node, behind a VXLAN, with the pod p3 10.244.2.1 that answers on 8080 and 8081
  ip netns add "$lab-far"
  ip -n "$lab-far" link set lo up
  in_ns far sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
  ip link add under0 netns "$lab-node" type veth peer name under0 netns "$lab-far"
  overlay_end node 10.0.0.1 10.0.0.2 10.244.1.0 10.244.2.0
  overlay_end far 10.0.0.2 10.0.0.1 10.244.2.0 10.244.1.0
  ip -n "$lab-far" route add 10.244.0.0/16 via 10.244.1.0 dev flannel.1 onlink
  pod p3 10.244.2.1 far
  traffic p3 serve 8080 8081
  await node 10.244.2.1 8081
}

overlay_end() { # overlay_end NAME HERE THERE INSIDE_HERE INSIDE_THERE: the VXLAN device, as flannel makes it
  ip -n "$lab-$1" addr add "$2/24" dev under0
  ip -n "$lab-$1" link set under0 up
  ip -n "$lab-$1" link add flannel.1 type vxlan id 1 dev under0 dstport 8472 local "$2" remote "$3"
  ip -n "$lab-$1" addr add "$4/32" dev flannel.1
  ip -n "$lab-$1" link set flannel.1 up
  ip -n "$lab-$1" route add "${5%.*}.0/24" via "$5" dev flannel.1 onlink
}

behind() { # behind -g|-i: p1 takes the service's address for its own and answers c1 over a link that is not the node's
  ip link add side netns "$lab-p1" type veth peer name side netns "$lab-c1"
  ip -n "$lab-p1" link set side up
  ip -n "$lab-c1" link set side up
  ip -n "$lab-p1" route add 10.244.1.1/32 dev side
  in_ns p1 sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
  in_ns c1 sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0 net.ipv4.conf.side.rp_filter=0
  if [ "$1" = -i ]; then
    modprobe ipip
    ip -n "$lab-p1" link set tunl0 up
    in_ns p1 sysctl -qw net.ipv4.conf.tunl0.rp_filter=0
  fi
  ip -n "$lab-p1" addr add 10.96.0.10/32 dev lo
}

undnat() { # undnat: no service is translated any more
  in_ns node iptables-legacy -t nat -F PREROUTING
}

drop() { # drop NAME PROTOCOL PORT: the pod no longer answers there
  in_ns "$1" iptables-legacy -I INPUT -p "$2" --dport "$3" -j DROP
}

# IPVS, in the guest

vip() { # vip ADDRESS: an address of kube-ipvs0
  ip -n "$lab-node" link show kube-ipvs0 >/dev/null 2>&1 || { ip -n "$lab-node" link add kube-ipvs0 type dummy; ip -n "$lab-node" link set kube-ipvs0 up; in_ns node sysctl -qw net.ipv4.vs.conntrack=1; }
  ip -n "$lab-node" addr add "$1/32" dev kube-ipvs0 2>/dev/null || true
}

virtual() { # virtual -t|-u VIP:PORT POD:PORT...: a masquerading service
  local kind=$1 service=$2 backend
  shift 2
  vip "${service%:*}"
  in_ns node ipvsadm -A "$kind" "$service" -s rr
  for backend in "$@"; do in_ns node ipvsadm -a "$kind" "$service" -r "$backend" -m; done
}

# NAT, on any kernel

dnat() { # dnat PROTOCOL VIP:PORT POD:PORT...: the service as kube-proxy's iptables mode translates it, to each pod in turn
  local protocol=$1 service=$2 left
  shift 2
  while [ $# -gt 0 ]; do
    left=$#
    in_ns node iptables-legacy -t nat -A PREROUTING -d "${service%:*}" -p "$protocol" --dport "${service#*:}" \
      -m statistic --mode nth --every "$left" --packet 0 -j DNAT --to-destination "$1"
    shift
  done
}

end() { # removes everything
  local name
  kill "${lab_pids[@]}" 2>/dev/null
  wait 2>/dev/null
  for name in $(ip netns list | awk -v lab="$lab-" 'index($1, lab) == 1 {print $1}'); do ip netns del "$name"; done
}
