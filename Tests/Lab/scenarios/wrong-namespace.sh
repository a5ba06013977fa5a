# Packets wait in a queue that nobody reads: their entries are counted and not listed.
kernel=any
expects="wrong-namespace"
node
pods c1=10.244.1.1
pod p1 10.244.0.1
in_ns node iptables-legacy -I FORWARD -p udp --dport 9999 -j NFQUEUE --queue-num 7
traffic node hold_queue 7
has_reader() { in_ns node grep -q '^ *7 ' /proc/net/netfilter/nfnetlink_queue; }
until_true 'the queue has its reader' has_reader
traffic c1 spray 10.244.0.1 9999 300
has_all() { [ "$(in_ns node conntrack -C)" -ge 300 ]; }
until_true '300 entries are counted' has_all
