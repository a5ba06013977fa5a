# Both DNS pods are on one of two nodes: a hint.
kernel=any
expects="replicas-on-one-node"
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
dnat udp 10.96.0.10:53 10.244.0.1:53 10.244.0.2:53
traffic c1 send 10.96.0.10 53 2 0.3
cluster >"$work/kube.json" "dns 10.96.0.10 udp 53 53" "p1 10.244.0.1 n1 dns" "p2 10.244.0.2 n1 dns" "other 10.244.3.1 n2 -"
options="--kube $work/kube.json"
