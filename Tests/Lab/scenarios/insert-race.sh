# Two queries at once whose translated tuples are the same. A masquerade of one port makes certain what is a race of two CPUs elsewhere.
kernel=any
expects="insert-race"
node
pods p1=10.244.0.1 c1=10.244.1.1 c2=10.244.1.2
dnat udp 10.96.0.10:53 10.244.0.1:53
in_ns node iptables-legacy -t nat -A POSTROUTING -p udp --dport 53 -j SNAT --to-source 169.254.1.1:5353
traffic c1 send 10.96.0.10 53 1 0.3
traffic c2 send 10.96.0.10 53 1 0.3
insert_has_failed() { in_ns node conntrack -S | grep -q ' insert_failed=[1-9]'; }
until_true 'an entry cannot be inserted' insert_has_failed
