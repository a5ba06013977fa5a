# The same with a backend that is drained to weight 0.
kernel=guest
expects="pinned-udp"
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
virtual -u 10.96.0.10:53 10.244.0.1:53
traffic c1 send 10.96.0.10 53 2 0.2
until_ipvs UDP
in_ns node ipvsadm -a -u 10.96.0.10:53 -r 10.244.0.2:53 -m
in_ns node ipvsadm -e -u 10.96.0.10:53 -r 10.244.0.1:53 -m -w 0
