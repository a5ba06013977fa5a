// guest-clock.so - preloaded into linux.uml, it lets the guest stop its own clock: while the file that GUEST_CLOCK names begins with
// a 1, no time goes by in the guest, so that no timer of its tables runs down and none of its sleepers wakes. Later the clock goes on
// where it stood.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const long long second = 1000000000;
static const volatile char *stopped;  // nothing to look at before the file is mapped
static long long stopped_at = -1;     // nanoseconds; -1 while the clock goes
static long long stood_still;         // nanoseconds in all
static int (*next)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const char *path = getenv("GUEST_CLOCK");
    int file = path ? open(path, O_RDONLY) : -1;
    if (file < 0) return;
    void *byte = mmap(NULL, 1, PROT_READ, MAP_SHARED, file, 0);
    if (byte != MAP_FAILED) stopped = byte;
    close(file);
}

// From the host's time to the guest's.
static void put_guest_time(struct timespec *time) {
    long long now = time->tv_sec * second + time->tv_nsec;
    if (*stopped == '1') {
        if (stopped_at < 0) stopped_at = now;
        now = stopped_at;
    } else if (stopped_at >= 0) {
        stood_still += now - stopped_at;
        stopped_at = -1;
    }
    now -= stood_still;
    time->tv_sec = now / second;
    time->tv_nsec = now % second;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (clock != CLOCK_MONOTONIC || !stopped) return next(clock, time);
    // The guest's interrupts are signals, whose handlers ask for the time too: one between two lines of this would see the clock
    // stopped and going at once.
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    int result = next(clock, time);
    if (!result) put_guest_time(time);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return result;
}
