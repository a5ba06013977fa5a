# guest.sh SCENARIO - sets the guest up and checks kstate against its kernel.
here=$(dirname "$(realpath "$0")")
round_trip() { # round_trip NAME OPTION...: for whoever compares a place's outputs with those of its files
  [ -z "$ROUND_TRIP" ] || python3 "$here/round_trip.py" keep "$ROUND_TRIP/$1" "${@:2}" || exit 1
}
case $1 in
  dns-node | watch | module-removed | reads-only)
    source "$here/../Lab/dns-node.sh"
    # On a slow machine the checks take minutes: what the clients hold, and the entries of their datagrams, outlast them.
    sysctl -qw net.netfilter.nf_conntrack_udp_timeout{,_stream}=600
    ipvsadm --set 0 0 600
    clients 600 ;;
  two-nodes)
    source "$here/../Lab/two-nodes.sh"
    ask 2; save /run/well; round_trip well --all-netns --narrow node1; keep
    for place in before_node in_pod on_return; do lose $place; ask 2; save /run/$place; round_trip $place --netns node1; keep; done ;;
  forwarding | services | sync) source "$here/../Lab/$1.sh" ;;
esac
case $1 in
  dns-node) round_trip all --all-netns; round_trip host --everything ;;
  forwarding | services | sync) round_trip host --everything ;;
  absent | no-netlink) round_trip host ;;
esac
PYTHONPATH=$here python3 -m unittest -v "guest_checks.$(tr -d - <<<"$1")"
