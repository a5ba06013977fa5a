# The same behind IPVS.
kernel=guest
expects=""
node
pod p1 10.244.0.1
pod p2 10.244.0.2
pod c1 10.244.1.1
traffic p1 sink 514
traffic p2 sink 514
virtual -u 10.96.0.20:514 10.244.0.1:514 10.244.0.2:514
traffic c1 send 10.96.0.20 514 4 0.2
until_ipvs UDP
