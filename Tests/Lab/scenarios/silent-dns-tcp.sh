# A node-local cache that forces TCP asks a DNS service, of which one pod does not answer TCP.
kernel=any
expects="silent-backend"
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
drop p2 tcp 53
dnat tcp 10.96.0.10:53 10.244.0.1:53 10.244.0.2:53
traffic c1 hold 10.96.0.10 53 8
until_entries 8 -p tcp --orig-dst 10.96.0.10
