# A pod with connections dies without a word, and its backend is drained.
kernel=guest
expects="dead-connections"
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080
traffic c1 talk 10.96.0.10 80 2
until_ipvs ESTABLISHED 2
in_ns node ipvsadm -a -t 10.96.0.10:80 -r 10.244.0.2:8080 -m
in_ns node ipvsadm -e -t 10.96.0.10:80 -r 10.244.0.1:8080 -m -w 0
drop p1 tcp 8080
sleep 6 # until what the client sends again comes more than two seconds apart
