source "$(dirname "$0")/show.sh"
source "$(dirname "$0")/dns-node.sh"
clients 30
show conn --port 9153
show service
show doctor --port 9153
