# conn_reuse_mode=0: a client that reuses its port stays with a drained, dead backend.
kernel=guest
expects="reuse-pins-dead"
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080
in_ns node sysctl -qw net.ipv4.vs.conn_reuse_mode=0
traffic c1 retry 10.96.0.10 80 40001
until_ipvs CLOSE
in_ns node ipvsadm -a -t 10.96.0.10:80 -r 10.244.0.2:8080 -m
in_ns node ipvsadm -e -t 10.96.0.10:80 -r 10.244.0.1:8080 -m -w 0
drop p1 tcp 8080
