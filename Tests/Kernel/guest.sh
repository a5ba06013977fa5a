# guest.sh SCENARIO - sets the guest up and checks kstate against its kernel.
here=$(dirname "$(realpath "$0")")
case $1 in
  dns-node | watch | module-removed | reads-only) source "$here/../Lab/dns-node.sh"; clients 30 ;;
  two-nodes)
    source "$here/../Lab/two-nodes.sh"
    ask 2; save /run/well; keep
    for place in before_node in_pod on_return; do lose $place; ask 2; save /run/$place; keep; done ;;
  forwarding | services | sync) source "$here/../Lab/$1.sh" ;;
esac
PYTHONPATH=$here python3 -m unittest -v "guest_checks.$(tr -d - <<<"$1")"
