# Packets wait in a queue that nobody reads: their entries are counted and not listed.
kernel=any
expects="wrong-namespace"
node
pods c1=10.244.1.1
pod p1 10.244.0.1
in_ns node iptables-legacy -I FORWARD -p udp --dport 9999 -j NFQUEUE --queue-num 7
traffic node hold_queue 7
sleep 1
traffic c1 spray 10.244.0.1 9999 300
sleep 2
