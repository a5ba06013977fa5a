# story.sh - source this as root on a machine with conntrack: the DNS story without IPVS, in namespaces of its own on the
# machine's kernel. A router namespace translates 10.233.0.3:9153 to two pods, of which one drops what it gets.
#
# Leaves $router (the namespace to look at) set; story_end removes everything. Traffic never leaves the namespaces.
story=kstate-$$
router=$story-node
story_pids=()

story_begin() {
  local name
  for name in node p1 p2 c1; do ip netns add "$story-$name"; ip -n "$story-$name" link set lo up; done
  story_wire p1 10.233.74.65
  story_wire p2 10.233.71.1
  story_wire c1 10.233.75.9
  ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1
  local rule="-t nat -A PREROUTING -d 10.233.0.3 -p tcp --dport 9153"
  ip netns exec "$router" iptables-legacy $rule -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.233.74.65:9153
  ip netns exec "$router" iptables-legacy $rule -j DNAT --to-destination 10.233.71.1:9153
  ip netns exec "$story-p2" iptables-legacy -A INPUT -p tcp --dport 9153 -j DROP
  story_run p1 'import http.server; http.server.HTTPServer(("", 9153), http.server.SimpleHTTPRequestHandler).serve_forever()'
  story_until 1 ip netns exec "$story-p1" ss -Hltn 'sport = :9153'
  story_run c1 'import socket, time
held = []
for _ in range(6):
    connection = socket.socket()
    connection.setblocking(False)
    connection.connect_ex(("10.233.0.3", 9153))
    held.append(connection)
time.sleep(600)'
  story_until 3 ip netns exec "$router" conntrack -L -p tcp -d 10.233.0.3 --state ESTABLISHED
  story_until 3 ip netns exec "$router" conntrack -L -p tcp -d 10.233.0.3 --state SYN_SENT
}

story_until() { # story_until COUNT COMMAND...: until it prints so many lines
  local attempt
  for attempt in $(seq 300); do
    [ "$("${@:2}" 2>/dev/null | wc -l)" -ge "$1" ] && return
    sleep 0.1
  done
  echo "it did not come about: ${*:2}" >&2
  return 1
}

story_wire() { # story_wire NAME ADDRESS: a pod on a link of its own to the router
  ip link add "$1" netns "$router" type veth peer name eth0 netns "$story-$1"
  ip -n "$router" addr add 169.254.1.1/32 dev "$1"
  ip -n "$router" link set "$1" up
  ip -n "$router" route add "$2/32" dev "$1"
  ip -n "$story-$1" addr add "$2/32" dev eth0
  ip -n "$story-$1" link set eth0 up
  ip -n "$story-$1" route add 169.254.1.1 dev eth0 scope link
  ip -n "$story-$1" route add default via 169.254.1.1 dev eth0
}

story_run() { # story_run NAME PYTHON
  ip netns exec "$story-$1" python3 -c "$2" >/dev/null 2>&1 &
  story_pids+=($!)
}

story_end() {
  local name
  kill "${story_pids[@]}" 2>/dev/null
  for name in node p1 p2 c1; do ip netns del "$story-$name" 2>/dev/null; done
}
