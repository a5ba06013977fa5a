# A client asks from one port for ever, and began while the service had no backend: its entry stays untranslated.
kernel=any
expects="udp-without-dnat"
node
pod p1 10.244.0.1
pod c1 10.244.1.1
ip -n "$lab-node" route add 10.96.0.0/16 dev cali-p1
traffic p1 serve 53
await node 10.244.0.1 53
traffic c1 send 10.96.0.10 53 1 0.2
sleep 1
dnat udp 10.96.0.10:53 10.244.0.1:53
traffic c1 send 10.96.0.10 53 2 0.2
sleep 0.5
