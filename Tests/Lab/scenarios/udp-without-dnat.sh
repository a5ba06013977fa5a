# A client asks from one port for ever, and began while the service had no backend: its entry stays untranslated.
kernel=any
expects="udp-without-dnat"
node
pods p1=10.244.0.1 c1=10.244.1.1
ip -n "$lab-node" route add 10.96.0.0/16 dev cali-p1
traffic c1 send 10.96.0.10 53 1 0.2
until_entry -p udp --dport 53
dnat udp 10.96.0.10:53 10.244.0.1:53
traffic c1 send 10.96.0.10 53 2 0.2
until_entry -p udp --dport 53 --reply-src 10.244.0.1
