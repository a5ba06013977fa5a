# Somebody flushes conntrack while IPVS keeps its connections.
kernel=guest
expects="tables-disagree"
node
pods p1=10.244.0.1 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080
traffic c1 hold 10.96.0.10 80 3
until_ipvs ESTABLISHED 3
in_ns node conntrack -F 2>/dev/null
traffic c1 talk 10.96.0.10 80 1
until_entry -p tcp --orig-dst 10.96.0.10 --state ESTABLISHED
