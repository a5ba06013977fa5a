# A drained backend whose connections are well: a hint at most.
kernel=guest
expects="draining"
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080
traffic c1 talk 10.96.0.10 80 2
until_ipvs ESTABLISHED
in_ns node ipvsadm -a -t 10.96.0.10:80 -r 10.244.0.2:8080 -m
in_ns node ipvsadm -e -t 10.96.0.10:80 -r 10.244.0.1:8080 -m -w 0
