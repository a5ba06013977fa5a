# kube-proxy was restarted while it drained a backend: the pod is ready and gets nothing.
kernel=guest
expects="weight-zero-ready"
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080 10.244.0.2:8080
in_ns node ipvsadm -e -t 10.96.0.10:80 -r 10.244.0.1:8080 -m -w 0
cluster >"$work/kube.json" "web 10.96.0.10 tcp 80 8080" "p1 10.244.0.1 n1 web" "p2 10.244.0.2 n2 web"
options="--kube $work/kube.json"
