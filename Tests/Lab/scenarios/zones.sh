# One flow in two zones, as Open vSwitch makes them: a hint at most.
kernel=any
expects="zones"
node
pods p1=10.244.0.1 c1=10.244.1.1
in_ns node iptables-legacy -t raw -A PREROUTING -i cali-c1 -j CT --zone 5
in_ns node iptables-legacy -t raw -A PREROUTING -i cali-p1 -j CT --zone 5
traffic c1 send 10.244.0.1 53 1 0.3
until_entry -w 5
in_ns node iptables-legacy -t raw -F
in_ns node iptables-legacy -t raw -A PREROUTING -j CT --zone 6
until_entry -w 6
