// hold CPU COMMAND... - runs COMMAND on one CPU beside a real-time thread that wants to run there every 100 microseconds, and
// prints the longest time, in milliseconds, that it had to wait: for so long the kernel served nobody else on that CPU.
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **arguments) {
    if (count < 3) return fprintf(stderr, "usage: hold CPU COMMAND...\n"), 2;
    cpu_set_t cpu;
    CPU_ZERO(&cpu);
    CPU_SET(atoi(arguments[1]), &cpu);
    if (sched_setaffinity(0, sizeof cpu, &cpu) != 0) return perror("sched_setaffinity"), 1;
    pid_t child = fork();
    if (child == 0) {
        execvp(arguments[2], arguments + 2);
        perror(arguments[2]);
        _exit(127);
    }
    mlockall(MCL_CURRENT);
    struct sched_param priority = {.sched_priority = 50};
    if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0) return perror("sched_setscheduler"), 1;
    long long longest = 0;
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        long long due = now() + 100000;
        struct timespec until = {due / 1000000000, due % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        long long late = now() - due;
        if (late > longest) longest = late;
    }
    printf("%.2f\n", longest / 1e6);
    return WEXITSTATUS(status);
}
