# Backends on another node, behind a VXLAN in which translated packets get lost. The loss is a rule's: the offload's own fault needs its hardware.
kernel=any
expects="overlay-checksum"
node
pods p1=10.244.0.1 c1=10.244.1.1
overlay
dnat tcp 10.96.0.10:80 10.244.0.1:8080 10.244.2.1:8081
drop p3 tcp 8081
traffic c1 hold 10.96.0.10 80 6
traffic c1 hold 10.244.2.1 8080 1
until_entries 6 -p tcp --orig-dst 10.96.0.10
until_entry -p tcp --orig-dst 10.244.2.1 --dport 8080 --state ESTABLISHED
