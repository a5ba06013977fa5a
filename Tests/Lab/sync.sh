# sync.sh - source this in a guest: a director that has taken over connections of another, and made some itself.
sysctl -qw net.ipv4.ip_forward=1
ip link add d0 type dummy
ip addr add 10.9.0.1/24 dev d0
ip link set d0 up multicast on
ip addr add 10.96.0.10/32 dev d0
ip addr add 10.244.0.5/32 dev d0
ipvsadm -A -t 10.96.0.10:80 -s rr; ipvsadm -a -t 10.96.0.10:80 -r 10.244.0.5:8080 -m
ipvsadm --start-daemon backup --mcast-interface d0 --syncid 5
ipvsadm --start-daemon master --mcast-interface d0 --syncid 6
python3 "$(dirname "${BASH_SOURCE[0]}")/sync-connections.py" 100 d0 5 10.96.0.10 80 10.244.0.5 8080
# Those of its own are answered and held: an entry without an answer would be gone in a minute, before a slow machine looks at it.
python3 -c '
import socket, time
server = socket.create_server(("10.244.0.5", 8080))
held = [socket.create_connection(("10.96.0.10", 80)) for _ in range(3)]
held += [server.accept() for _ in range(3)]
time.sleep(3600)' &
for _ in $(seq 300); do # a hundred of the other's and three of its own
  [ "$(grep -c . /proc/net/ip_vs_conn)" -ge 104 ] && break
  sleep 0.1
done
