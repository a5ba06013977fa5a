// floor - receives a whole conntrack dump and discards it: what no reader of the table can be faster than.
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <sys/socket.h>

int main(void) {
    static char buffer[65536];
    struct {
        struct nlmsghdr header;
        struct nfgenmsg body;
    } request = {{sizeof request, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {0}};
    int descriptor = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
    if (descriptor < 0 || send(descriptor, &request, sizeof request, 0) < 0) return perror("floor"), 1;
    for (;;) {
        ssize_t length = recv(descriptor, buffer, sizeof buffer, 0);
        if (length <= 0) return perror("floor"), 1;
        if (((struct nlmsghdr *)buffer)->nlmsg_type == NLMSG_DONE) return 0;
    }
}
