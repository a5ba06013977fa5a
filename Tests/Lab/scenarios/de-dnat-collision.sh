# One port of a client speaks to one pod through two services.
kernel=guest
expects="de-dnat-collision"
node
may="insert-race"  # the second entry is refused when its first packet comes again
pods p1=10.244.0.1 c1=10.244.1.1 c2=10.244.1.2
virtual -t 10.96.0.10:80 10.244.0.1:8080
virtual -t 10.96.0.11:80 10.244.0.1:8080
traffic c2 browse 10.96.0.11 80 0.2
traffic c1 twice 40001 10.96.0.10 10.96.0.11 80
until_ipvs 10.96.0.11:80
