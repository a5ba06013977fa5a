// no-nameless-files.so - preloaded into kstate, it makes every file system one that has no O_TMPFILE, as some are.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>

int open(const char *path, int flags, ...) {
    static int (*next)(const char *, int, mode_t);
    if (!next) next = (int (*)(const char *, int, mode_t))dlsym(RTLD_NEXT, "open");
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return next(path, flags, mode);
}
