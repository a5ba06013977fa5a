# The last backend of a service is taken out while clients are connected.
kernel=guest
expects="no-backends"
node
pods p1=10.244.0.1 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080
traffic c1 browse 10.96.0.10 80 0.1
until_ipvs TIME_WAIT
in_ns node ipvsadm -d -t 10.96.0.10:80 -r 10.244.0.1:8080
