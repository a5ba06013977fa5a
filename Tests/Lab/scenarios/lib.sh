# lib.sh - what the scenarios are made of: a node as a namespace with pods on links of their own, on whatever kernel this is run.
#
# A scenario is a script that sets $expects (the rules that doctor must name, none for a healthy one), and makes its state with
# the functions below; names are $lab-NAME, so that scenarios run side by side. $options are doctor's, beside `--netns $lab-node`.
lab_directory=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
lab_pids=()

in_ns() { # in_ns NAME COMMAND...
  local name=$1
  shift
  ip netns exec "$lab-$name" "$@"
}

node() { # the router that services live on
  ip netns add "$lab-node"
  ip -n "$lab-node" link set lo up
  in_ns node sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
  # conntrack follows a namespace's packets from the first rule on that asks for it.
  in_ns node iptables-legacy -A FORWARD -m conntrack --ctstate NEW -j ACCEPT
  in_ns node iptables-legacy -A INPUT -m conntrack --ctstate NEW -j ACCEPT
}

pod() { # pod NAME ADDRESS: a /32 behind a veth of the node, as Calico wires one
  ip netns add "$lab-$1"
  ip link add "cali-$1" netns "$lab-node" type veth peer name eth0 netns "$lab-$1"
  ip -n "$lab-node" addr add 169.254.1.1/32 dev "cali-$1"
  ip -n "$lab-node" link set "cali-$1" up
  ip -n "$lab-node" route add "$2/32" dev "cali-$1"
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

await() { # await NAME ADDRESS PORT: until something listens there
  local attempt
  for attempt in $(seq 100); do
    in_ns "$1" python3 -c "import socket; socket.create_connection(('$2', $3), 0.5)" 2>/dev/null && return
    sleep 0.1
  done
  echo "nothing listens on $2:$3 in $1" >&2
  return 1
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
