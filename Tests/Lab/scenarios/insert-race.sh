# Two DNS clients whose translated tuples are the same: their first packets are held between translation and insertion, and released
# together, as when two CPUs have them.
kernel=guest
expects="insert-race"
node
pods p1=10.244.0.1 c1=10.244.1.1
dnat udp 10.96.0.10:53 10.244.0.1:53
in_ns node iptables-legacy -t nat -A POSTROUTING -p udp --dport 53 -j SNAT --to-source 169.254.1.1
in_ns node nft add table ip race
in_ns node nft add chain ip race late "{ type filter hook postrouting priority 200; }"
in_ns node nft add rule ip race late udp dport 53 ct state new queue num 7
traffic node release_queue 7
pod c2 10.244.1.2
sleep 1
traffic c1 rounds 10.96.0.10 53
traffic c2 rounds 10.96.0.10 53
sleep 0.5
