// libnetfilter_conntrack (GPL-2.0-or-later): the peer's own text for an entry, and the tests' second decoder. Opened when such a text is
// first asked for.
#pragma once
#include "../loading.h"
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>

/// The functions that kstate calls, by their names there.
struct kst_nfct {
    struct nf_conntrack *(*new_entry)(void);
    void (*destroy)(struct nf_conntrack *);
    int (*nlmsg_parse)(const struct nlmsghdr *, struct nf_conntrack *);
    int (*snprintf)(char *, unsigned int, const struct nf_conntrack *, unsigned int, unsigned int, unsigned int);
};

/// Opens libnetfilter_conntrack 1.0.2 or later. Returns NULL, or why there is none, as dlerror(3) says.
static inline const char *kst_nfct_open(struct kst_nfct *nfct) {
    const struct kst_function functions[] = {
        {&nfct->new_entry, "nfct_new"},
        {&nfct->destroy, "nfct_destroy"},
        {&nfct->nlmsg_parse, "nfct_nlmsg_parse"},
        {&nfct->snprintf, "nfct_snprintf"},
    };
    return kst_open("libnetfilter_conntrack.so.3", functions, sizeof functions / sizeof *functions);
}
