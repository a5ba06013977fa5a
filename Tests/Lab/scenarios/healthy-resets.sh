# Clients that end each connection with a reset.
kernel=any
expects=""
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
dnat tcp 10.96.0.10:80 10.244.0.1:8080 10.244.0.2:8080
traffic c1 reset 10.96.0.10 80 0.02
until_entry -p tcp --dport 80 --state CLOSE
