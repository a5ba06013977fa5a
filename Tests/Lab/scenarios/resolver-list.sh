# A pod's resolv.conf names four servers, none of them the cluster's.
kernel=any
expects="resolver-list"
node
pods p1=10.244.0.1 c1=10.244.1.1
cluster >"$work/kube.json" "dns 10.96.0.10 udp 53 53" "p1 10.244.0.1 n1 dns"
printf 'nameserver 192.0.2.%d\n' 1 2 3 4 >"$work/resolv.conf"
ip netns exec "$lab-c1" unshare -m bash -c "mount --bind $work/resolv.conf /etc/resolv.conf && exec sleep 600" &
pod_process=$!
lab_pids+=($pod_process)
until_true 'the process has its resolv.conf' grep -q 192.0.2.4 /proc/$pod_process/root/etc/resolv.conf
options="--pid $pod_process --kube $work/kube.json"
