# A pod asks its own service, and nothing masquerades it.
kernel=any
expects="hairpin"
node
pods p1=10.244.0.1 c1=10.244.1.1
dnat tcp 10.96.0.10:80 10.244.0.1:8080
traffic c1 browse 10.96.0.10 80 0.5
traffic p1 hold 10.96.0.10 80 2
until_entries 2 -p tcp --orig-src 10.244.0.1 --dport 80
