# Services nobody asks, and one held open in silence.
kernel=guest
expects=""
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080
virtual -t 10.96.0.11:80 10.244.0.2:8080
virtual -u 10.96.0.11:53 10.244.0.2:53
traffic c1 hold 10.96.0.10 80 2
until_ipvs ESTABLISHED 2
