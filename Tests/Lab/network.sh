# network.sh NETNS - fills a network namespace with links, an overlay, addresses, routes and neighbours of many kinds.
set -euo pipefail
inside="ip -n $1"
$inside link add ve0 type veth peer name ve1.7
$inside link add vx0 type vxlan id 4096 dev ve0 local 10.1.0.1 dstport 8472 nolearning
$inside link add vx6 type vxlan id 1 remote fd01::9 local fd01::1 dstport 4789
$inside link add br0 type bridge
$inside link set ve1.7 master br0
$inside addr add 10.1.0.1/24 dev ve0
$inside addr add 10.5.0.1 peer 10.5.0.2/32 dev ve0
$inside addr add 10.244.0.0/32 dev vx0
$inside addr add fd01::1/64 dev ve0 nodad
for link in ve0 ve1.7 vx0 vx6 br0; do $inside link set $link up; done
$inside route add 10.244.1.0/24 via 10.244.1.0 dev vx0 onlink
$inside route add default nexthop via 10.1.0.2 dev ve0 nexthop via 10.1.0.3 dev ve0
$inside route add blackhole 10.66.0.0/16
$inside route add unreachable 10.67.0.0/16 metric 9
$inside route add 10.7.0.0/24 via inet6 fd01::2 dev ve0 metric 50 table 1000
$inside -6 route add fd77::/64 via fd01::5 dev ve0
$inside -6 route add fd78::/64 nexthop via fd01::5 dev ve0 nexthop via fd01::6 dev ve0
$inside neigh add 10.244.1.0 lladdr 02:00:00:00:00:11 dev vx0 nud permanent
$inside neigh add fd01::5 lladdr 02:00:00:00:00:55 dev ve0 nud reachable
bridge -n "$1" fdb add 02:00:00:00:00:11 dev vx0 dst 10.1.0.4
# Until each of the five links has an address of IPv6 of its own that no other answers to.
for _ in $(seq 300); do
  [ "$($inside -o -6 addr show scope link -tentative | grep -c -E ': (ve0|ve1.7|vx0|vx6|br0) ')" -ge 5 ] && break
  sleep 0.1
done
