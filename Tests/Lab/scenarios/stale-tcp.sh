# A client that connects from one port again and again; its backend goes silent and is then taken out of the service.
kernel=guest
expects="stale-tcp"
node
pod p1 10.244.0.1
pod p2 10.244.0.2
pod c1 10.244.1.1
traffic p1 serve 8080
traffic p2 serve 8080
await node 10.244.0.1 8080
await node 10.244.0.2 8080
virtual -t 10.96.0.10:80 10.244.0.1:8080
drop p1 tcp 8080
traffic c1 retry 10.96.0.10 80 40001
sleep 1
in_ns node ipvsadm -a -t 10.96.0.10:80 -r 10.244.0.2:8080 -m
in_ns node ipvsadm -d -t 10.96.0.10:80 -r 10.244.0.1:8080
