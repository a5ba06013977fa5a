# IPVS keeps no connections of a service of one-packet scheduling: conntrack's entries stay unreplied, and all is well.
kernel=guest
expects=""
node
pods p1=10.244.0.1 c1=10.244.1.1
vip 10.96.0.10
in_ns node ipvsadm -A -u 10.96.0.10:53 -s rr -o
in_ns node ipvsadm -a -u 10.96.0.10:53 -r 10.244.0.1:53 -m
traffic c1 send 10.96.0.10 53 2 0.2
until_entry -p udp --orig-dst 10.96.0.10
