// libnetfilter_conntrack (GPL-2.0-or-later): the peer's own text for an entry, and the tests' second decoder.
#pragma once
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>
