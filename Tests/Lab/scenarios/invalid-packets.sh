# Late packets out of the window of a service's connection.
kernel=any
expects="invalid-packets"
node
pods p1=10.244.0.1 c1=10.244.1.1
dnat tcp 10.96.0.10:80 10.244.0.1:8080
traffic c1 talk 10.96.0.10 80 1 40001
until_entry -p tcp --dport 80 --state ESTABLISHED
traffic p1 late 10.244.0.1 8080 10.244.1.1 40001 0.05
