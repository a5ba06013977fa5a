# A resolver asks from one port for ever; its backend is replaced, in iptables mode, and the entry stays.
kernel=any
expects="stale-udp"
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
drop p1 udp 53
dnat udp 10.96.0.10:53 10.244.0.1:53
traffic c1 send 10.96.0.10 53 1 0.2
until_entry -p udp --dport 53
undnat
dnat udp 10.96.0.10:53 10.244.0.2:53
cluster >"$work/kube.json" "dns 10.96.0.10 udp 53 53" "p2 10.244.0.2 n1 dns"
options="--kube $work/kube.json"
