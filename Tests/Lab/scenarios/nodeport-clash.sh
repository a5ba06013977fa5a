# A masquerade gives a connection the port of a NodePort service of the node, and the answer goes there.
kernel=guest
expects="nodeport-clash"
node
pods p1=10.244.0.1 c1=10.244.1.1
pod far 10.244.2.1
traffic far serve 8080
await node 10.244.2.1 8080
virtual -t 169.254.1.1:30080 10.244.0.1:8080
in_ns node iptables-legacy -t nat -A POSTROUTING -s 10.244.1.0/24 -p tcp -j MASQUERADE --to-ports 30080
drop far tcp 8080
traffic c1 hold 10.244.2.1 8080 1
until_entry -p tcp --dport 8080 --reply-port-dst 30080
