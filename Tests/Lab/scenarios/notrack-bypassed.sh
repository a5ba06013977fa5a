# The node-local cache's NOTRACK is missing for its address.
kernel=any
expects="notrack-bypassed"
node
pods c1=10.244.1.1
ip -n "$lab-node" link add nodelocaldns type veth peer name nodelocalpeer
ip -n "$lab-node" addr add 169.254.25.10/32 dev nodelocaldns
ip -n "$lab-node" link set nodelocaldns up
traffic node serve 53
await node 169.254.25.10 53
traffic c1 send 169.254.25.10 53 2 0.3
until_entry -p udp --dport 53
