# The same behind IPVS by a firewall mark, whose connections do not tell their service.
kernel=guest
expects="silent-backend"
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
drop p2 tcp 8080
vip 10.96.0.10
in_ns node iptables-legacy -t mangle -A PREROUTING -d 10.96.0.10 -j MARK --set-mark 33
in_ns node ipvsadm -A -f 33 -s rr
for backend in 10.244.0.1 10.244.0.2; do in_ns node ipvsadm -a -f 33 -r "$backend" -m; done
traffic c1 hold 10.96.0.10 8080 8
until_ipvs 10.96.0.10:8080 8
