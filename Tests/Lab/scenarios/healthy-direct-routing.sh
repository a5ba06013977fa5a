# Direct routing: the answers do not come back through this node.
kernel=guest
expects=""
node
pods p1=10.244.0.1 c1=10.244.1.1
vip 10.96.0.10
in_ns node ipvsadm -A -t 10.96.0.10:8080 -s rr
in_ns node ipvsadm -a -t 10.96.0.10:8080 -r 10.244.0.1:8080 -g
behind -g
traffic c1 browse 10.96.0.10 8080 0.2
until_ipvs 10.96.0.10:8080
sleep 1
