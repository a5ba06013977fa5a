# Backends are drained, taken out and replaced one after another, while clients are served.
kernel=guest
expects=""
node
pods p1=10.244.0.1 p2=10.244.0.2 p3=10.244.0.3 p4=10.244.0.4 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080 10.244.0.2:8080
traffic c1 browse 10.96.0.10 80 0.1
traffic c1 browse 10.96.0.10 80 0.15
until_ipvs TIME_WAIT
replace() { # replace OLD NEW, as kube-proxy does: the new one first, the old one drained, then gone
  in_ns node ipvsadm -a -t 10.96.0.10:80 -r "$2:8080" -m
  in_ns node ipvsadm -e -t 10.96.0.10:80 -r "$1:8080" -m -w 0
  sleep 2
  in_ns node ipvsadm -d -t 10.96.0.10:80 -r "$1:8080"
}
(sleep 1; replace 10.244.0.1 10.244.0.3; replace 10.244.0.2 10.244.0.4) &
lab_pids+=($!)
