# One client fills the table.
kernel=guest
alone=1
expects="table-full"
node
pod p1 10.244.0.1
pod c1 10.244.1.1
traffic p1 sink 514
before=$(sysctl -n net.netfilter.nf_conntrack_max)
sysctl -qw net.netfilter.nf_conntrack_max=1000
traffic c1 spray 10.244.0.1 514 970
is_full() { [ "$(in_ns node conntrack -C)" -ge 960 ]; }
until_true '960 entries' is_full
after() { sysctl -qw net.netfilter.nf_conntrack_max=$before; }
