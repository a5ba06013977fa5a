# vs.conntrack=0 on a node that masquerades: IPVS' connections are not, and their answers go astray.
kernel=guest
expects="no-twin-masquerade"
node
pods p1=10.244.0.1 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080
in_ns node sysctl -qw net.ipv4.vs.conntrack=0
in_ns node iptables-legacy -t nat -A POSTROUTING -s 10.244.1.0/24 -j MASQUERADE
# The pod answers this node alone: a policy that masquerade would satisfy.
in_ns p1 iptables-legacy -I INPUT ! -s 169.254.1.1 -p tcp --dport 8080 -j DROP
traffic c1 send 10.244.0.1 53 1 0.3
traffic c1 hold 10.96.0.10 80 3
until_ipvs SYN_RECV
