# A busy IPVS service of three pods.
kernel=guest
expects=""
node
pods p1=10.244.0.1 p2=10.244.0.2 p3=10.244.0.3 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080 10.244.0.2:8080 10.244.0.3:8080
virtual -u 10.96.0.10:53 10.244.0.1:53 10.244.0.2:53
traffic c1 browse 10.96.0.10 80 0.1
traffic c1 send 10.96.0.10 53 4 0.2
traffic c1 talk 10.96.0.10 80 4
for state in TIME_WAIT ESTABLISHED UDP; do until_ipvs $state; done
