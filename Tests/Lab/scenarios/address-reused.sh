# A pod's address goes to another pod, while a client's entry still leads to it.
kernel=any
expects="address-reused"
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
drop p1 tcp 8080
dnat tcp 10.96.0.10:80 10.244.0.1:8080
traffic c1 hold 10.96.0.10 80 2
until_entry -p tcp --dport 80
undnat
dnat tcp 10.96.0.10:80 10.244.0.2:8080
cluster >"$work/kube.json" "web 10.96.0.10 tcp 80 8080" "p2 10.244.0.2 n1 web" "batch 10.244.0.1 n1 -"
options="--kube $work/kube.json"
