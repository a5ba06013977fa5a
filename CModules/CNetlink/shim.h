// libnl-3 and libnl-genl-3: sockets, generic netlink families, message and attribute building.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // as CLinux does: the C library's structures must look the same to both
#endif
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <netlink/msg.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/genl/ctrl.h>
