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
# Nobody answers those of its own, and they are asked again and again, so that they stay: a refused one is gone in ten seconds.
iptables-legacy -A INPUT -p tcp --dport 8080 -j DROP
python3 -c '
import socket, time
held = []
for number in range(3):
    connection = socket.socket()
    connection.setblocking(False)
    connection.connect_ex(("10.96.0.10", 80))
    held.append(connection)
time.sleep(600)' &
for _ in $(seq 300); do # a hundred of the other's and three of its own
  [ "$(grep -c . /proc/net/ip_vs_conn)" -ge 104 ] && break
  sleep 0.1
done
