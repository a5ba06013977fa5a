// Linux UAPI headers, and the few system calls and macros that Swift cannot reach by itself (kst_ prefix).
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>  // before linux/in.h: glibc and the kernel define the same structures
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/ip_vs.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nf_conntrack_sctp.h>
#include <linux/sock_diag.h>
#include "terminal.h"

/// errno, captured at once: Swift's own accessor may run after another call has changed it.
static inline int kst_errno(void) { return errno; }

/// setns(2) for a network namespace of the calling thread. glibc declares it under _GNU_SOURCE alone, which would give the C
/// library's structures another look here than in Swift's own Glibc module.
static inline int kst_enter_network_namespace(int descriptor) { return (int)syscall(SYS_setns, descriptor, CLONE_NEWNET); }

/// open(2) is variadic, which Swift does not import.
static inline int kst_open_read_only(const char *path) { return open(path, O_RDONLY | O_CLOEXEC); }

/// Opens a path below `root` that no link leads out of: neither an absolute one nor `..` (RESOLVE_IN_ROOT, Linux 5.6); where the
/// kernel, or a sandbox, does not offer that, the file must be no link. A pipe is opened without waiting for its writer.
static inline int kst_open_inside(int root, const char *path) {
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
    struct open_how how = {.flags = (unsigned)flags, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    int descriptor = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    if (descriptor >= 0 || (errno != ENOSYS && errno != EPERM)) return descriptor;
    return openat(root, path, flags | O_NOFOLLOW);
}

/// The window size of a terminal, or -1: ioctl(2) is variadic.
static inline int kst_window_size(int descriptor, struct winsize *size) { return ioctl(descriptor, TIOCGWINSZ, size); }

/// SO_MEMINFO's array of counters (Linux 4.12 and later), of which the drops are read.
static inline int kst_socket_drops(int descriptor, unsigned int *drops) {
    unsigned int counters[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof counters;
    if (getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, counters, &length) != 0) return -1;
    *drops = counters[SK_MEMINFO_DROPS];
    return 0;
}

/// The file that a signal which ends the process takes away. One for the one Swift file that includes these.
static inline char *kst_partial_path(void) {
    static char path[4096];
    return path;
}

static inline void kst_unlink_and_die(int number) {
    if (kst_partial_path()[0]) unlink(kst_partial_path());
    signal(number, SIG_DFL);
    raise(number);
}

/// Opens a file for reading and writing that has no name, O_TMPFILE (Linux 3.11, and not on every file system); -1 and errno.
static inline int kst_open_nameless(const char *directory) {
    return open(directory, O_RDWR | O_CLOEXEC | 020000000 /* __O_TMPFILE */ | O_DIRECTORY, 0600);
}

/// Whether the process was started with a signal ignored, as nohup(1) does with SIGHUP: it is to be left so.
static inline int kst_signal_is_ignored(int number) {
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

/// Takes `path` away when SIGINT, SIGTERM or SIGHUP ends the process; NULL takes nothing away any more.
static inline void kst_unlink_on_signal(const char *path) {
    char *kept = kst_partial_path();
    size_t length = 0;
    for (; path && path[length] && length < 4095; length++) kept[length] = path[length];
    kept[length] = 0;
    int ending[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        if (!kst_signal_is_ignored(ending[i])) signal(ending[i], path ? kst_unlink_and_die : SIG_DFL);
}
