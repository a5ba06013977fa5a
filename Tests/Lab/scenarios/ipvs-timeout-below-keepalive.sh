# IPVS forgets an idle connection that its peers hold to be alive.
kernel=guest
expects="ipvs-timeout-below-keepalive"
node
pods p1=10.244.0.1 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080
in_ns node ipvsadm --set 8 8 8
traffic c1 hold 10.96.0.10 80 3
until_ipvs ESTABLISHED
options="--samples 6"
