# The same behind IPVS.
kernel=guest
expects=""
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080 10.244.0.2:8080
traffic c1 reset 10.96.0.10 80 0.1
until_ipvs CLOSE
