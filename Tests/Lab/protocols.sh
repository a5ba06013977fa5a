# protocols.sh - source this as root on a machine with conntrack: real packets of every protocol that conntrack knows by name,
# through a router namespace that translates 10.96.0.9 and fd00:96::9 to one server.
#
# Leaves $router (the namespace to look at) set, and in protocols_lacking which of helper and labels this kernel cannot do;
# protocols_end removes everything. Traffic never leaves the namespaces.
protocols=kstate-protocols-$$
router=$protocols-node
protocols_here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
protocols_pids=()
protocols_lacking=()

protocols_begin() {
  local name tables
  for name in node client server; do ip netns add "$protocols-$name"; ip -n "$protocols-$name" link set lo up; done
  protocols_wire client 10.9.1 fd00:9:1
  protocols_wire server 10.9.2 fd00:9:2
  # With checksums looked at, conntrack (seen on 6.18) takes every UDP-Lite packet for damaged. The
  # timeouts let whoever looks take his time.
  ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
    net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1 net.netfilter.nf_conntrack_checksum=0 \
    net.netfilter.nf_conntrack_{sctp_timeout_{closed,cookie_wait},udp_timeout{,_stream},{icmp,icmpv6,gre}_timeout}=600
  protocols_translate iptables-legacy 10.96.0.9 10.9.2.2
  protocols_translate ip6tables-legacy fd00:96::9 fd00:9:2::2
  ip netns exec "$router" iptables-legacy -t raw -A PREROUTING -p tcp --dport 21 -j CT --helper ftp || protocols_lacking+=(helper)
  ip netns exec "$router" iptables-legacy -t raw -A PREROUTING -i client -p icmp -j CT --zone-orig 7
  protocols_label udp 3 77 || protocols_lacking+=(labels)
  protocols_run server serve
  protocols_run client ask
}

protocols_wire() { # protocols_wire NAME PREFIX4 PREFIX6: a host on a link of its own to the router
  ip link add "$1" netns "$router" type veth peer name eth0 netns "$protocols-$1"
  protocols_address "$router" "$1" "$2.1" "$3::1"
  protocols_address "$protocols-$1" eth0 "$2.2" "$3::2"
  ip -n "$protocols-$1" route add default via "$2.1"
  ip -n "$protocols-$1" route add default via "$3::1"
}

protocols_address() { # protocols_address NAMESPACE LINK IPV4 IPV6
  ip -n "$1" link set "$2" up
  ip -n "$1" addr add "$3/24" dev "$2"
  ip -n "$1" addr add "$4/64" dev "$2" nodad
}

protocols_translate() { # protocols_translate TABLES SERVICE SERVER: to the server, and UDP-Lite in the router's name too
  ip netns exec "$router" "$1" -t nat -A PREROUTING -d "$2" -j DNAT --to-destination "$3"
  ip netns exec "$router" "$1" -t nat -A POSTROUTING -d "$3" -p udplite -j MASQUERADE
  ip netns exec "$router" "$1" -t mangle -A PREROUTING -d "$2" -j CONNMARK --set-mark 0x4000
}

protocols_label() { # protocols_label PROTOCOL NUMBER NUMBER
  ip netns exec "$router" nft "add table inet labels
    add chain inet labels forwarded { type filter hook forward priority 0; }
    add rule inet labels forwarded meta l4proto $1 ct label set $2 ct label set $3"
}

protocols_run() { # protocols_run NAME WHAT: goes on when the program has said that it is ready, or done
  local output
  exec {output}< <(exec ip netns exec "$protocols-$1" python3 "$protocols_here/protocol_traffic.py" "$2")
  protocols_pids+=($!)
  read -r -u "$output"
}

protocols_end() {
  local name
  kill "${protocols_pids[@]}" 2>/dev/null || true  # the lab may fail before any runs
  for name in node client server; do ip netns del "$protocols-$name" 2>/dev/null || true; done
}
