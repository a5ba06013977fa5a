# A busy service of three pods.
kernel=any
expects=""
node
pods p1=10.244.0.1 p2=10.244.0.2 p3=10.244.0.3 c1=10.244.1.1 c2=10.244.1.2
dnat tcp 10.96.0.10:80 10.244.0.1:8080 10.244.0.2:8080 10.244.0.3:8080
dnat udp 10.96.0.10:53 10.244.0.1:53 10.244.0.2:53
for client in c1 c2; do
  traffic $client browse 10.96.0.10 80 0.02
  traffic $client send 10.96.0.10 53 4 0.05
  traffic $client talk 10.96.0.10 80 4
done
until_entry -p tcp --dport 80 --state TIME_WAIT
until_entry -p tcp --dport 80 --state ESTABLISHED
until_entry -p udp --dport 53
