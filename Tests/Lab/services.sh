# services.sh - source this in a guest: what forwarding.sh makes, and services of every other kind that IPVS knows, some in use.
source "$(dirname "${BASH_SOURCE[0]}")/forwarding.sh"
modprobe ip_vs_pe_sip
ip addr add fd00:96::1/128 dev vip nodad
ipvsadm -A -t '[fd00:96::1]:80' -s wrr -p 100 -M 64
ipvsadm -a -t '[fd00:96::1]:80' -r '[fd00:244::5]:8080' -m -w 3 -x 100 -y 50
ipvsadm -a -t '[fd00:96::1]:80' -r '[fd00:244::6]:8080' -m -w 0
ipvsadm -A -f 9 -6 -s lc; ipvsadm -a -f 9 -6 -r '[fd00:244::6]:0' -m -w 2
ipvsadm -A -t 10.96.0.10:86 -s wlc -p 60 -M 255.255.255.0; ipvsadm -a -t 10.96.0.10:86 -r 10.244.0.5:86 -g -w 1000
ipvsadm -A -u 10.96.0.10:53 -s rr -o; ipvsadm -a -u 10.96.0.10:53 -r 10.244.0.5:53 -m
ipvsadm -A -u 10.96.0.10:5060 -s rr -p 30 --pe sip; ipvsadm -a -u 10.96.0.10:5060 -r 10.244.0.5:5060 -m
ipvsadm -A --sctp-service 10.96.0.10:36412 -s rr; ipvsadm -a --sctp-service 10.96.0.10:36412 -r 10.244.0.5:36412 -m
ipvsadm -a -t 10.96.0.10:82 -r '[fd00:244::7]:82' -i
ipvsadm -a -t 10.96.0.10:82 -r 10.244.0.8:82 -i --tun-type gue --tun-port 6080
ipvsadm -A -t 10.96.0.99:99 -s rr
ipvsadm --set 901 121 301
ip netns exec client python3 -c '
import socket
for number in range(20):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x" * number, ("10.96.0.10", 53))'
