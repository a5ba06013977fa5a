source "$(dirname "$0")/dns-node.sh"
clients 5
"$KSTATE" conn --port 9153
