# Persistence sends a client's new connections to a drained backend.
kernel=guest
expects="quiescent-template"
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
vip 10.96.0.10
in_ns node ipvsadm -A -t 10.96.0.10:80 -s rr -p 300
in_ns node ipvsadm -a -t 10.96.0.10:80 -r 10.244.0.1:8080 -m
traffic c1 browse 10.96.0.10 80 0.3
until_ipvs ASSURED
in_ns node ipvsadm -a -t 10.96.0.10:80 -r 10.244.0.2:8080 -m
in_ns node ipvsadm -e -t 10.96.0.10:80 -r 10.244.0.1:8080 -m -w 0
