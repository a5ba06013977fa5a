# A client connects from one port again and again; its backend goes silent and is taken out of the service.
kernel=guest
expects="stale-tcp"
node
pods p1=10.244.0.1 p2=10.244.0.2 c1=10.244.1.1
virtual -t 10.96.0.10:80 10.244.0.1:8080
drop p1 tcp 8080
traffic c1 retry 10.96.0.10 80 40001
until_ipvs SYN_RECV
in_ns node ipvsadm -a -t 10.96.0.10:80 -r 10.244.0.2:8080 -m
in_ns node ipvsadm -d -t 10.96.0.10:80 -r 10.244.0.1:8080
after() {
  local command
  command=$(python3 -c 'import json,sys; print([c for f in json.load(open(sys.argv[1]))["findings"] if f["rule"] == "stale-tcp" for c in f["commands"]][0])' "$work/document")
  held() { in_ns node ipvsadm -lnc | grep -c 10.244.0.1:8080; }
  held
  bash -c "$command" >/dev/null 2>&1
  for _ in $(seq 50); do [ "$(held)" = 0 ] && break; sleep 0.1; done
  held
}
