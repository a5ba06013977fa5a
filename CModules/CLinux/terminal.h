// A terminal that is put back as it was found, whatever ends the process that took it. One for the one Swift file that includes it.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/// How much of the terminal is taken, as the guardian is told: a byte each time it changes.
enum kst_hold { KST_NOTHING, KST_MODES, KST_SCREEN };

struct kst_terminal {
    /// -1 while there is nothing to put back.
    volatile sig_atomic_t descriptor;
    struct termios found, taken;
    char leave[64];
    size_t length;
    /// This end of the guardian's socket, -1 without a guardian.
    int guardian;
    pid_t guardian_process;
};

static inline struct kst_terminal *kst_terminal(void) {
    static struct kst_terminal terminal = {.descriptor = -1, .guardian = -1};
    return &terminal;
}

// MARK: The guardian, a process that outlives SIGKILL

/// The modes that kstate changes, and those by which a shell's differ.
static inline int kst_same_modes(const struct termios *one, const struct termios *other) {
    return one->c_lflag == other->c_lflag && one->c_iflag == other->c_iflag && one->c_oflag == other->c_oflag;
}

/// Keeps nothing open but the terminal, as descriptor 0, and the socket, as 1: a pipe of kstate's must not wait for the guardian's end.
static inline void kst_keep_only(int terminal, int socket) {
    // Above both of the places that they move to.
    terminal = fcntl(terminal, F_DUPFD, 2);
    socket = fcntl(socket, F_DUPFD, 2);
    dup2(terminal, 0);
    dup2(socket, 1);
    if (syscall(SYS_close_range, 2U, ~0U, 0U) == 0) return;
    // Before Linux 5.9.
    for (int descriptor = 2; descriptor < 1024; descriptor++) close(descriptor);
}

/// The guardian's whole life, async-signal-safe: waits until the watch's end of the socket closes, which no end of a process
/// can avoid, and puts back what it still held. In a session of its own no key reaches it, and no job control stops it.
static inline _Noreturn void kst_guard(const struct kst_terminal *terminal, int descriptor, int socket) {
    sigset_t every;
    sigfillset(&every);
    sigprocmask(SIG_SETMASK, &every, NULL);
    setsid();
    prctl(PR_SET_NAME, "kstate-terminal");
    kst_keep_only(descriptor, socket);
    char hold = KST_NOTHING, told;
    for (ssize_t count; (count = read(1, &told, 1)) == 1 || (count < 0 && errno == EINTR);) hold = count == 1 ? told : hold;
    struct termios now;
    // A shell that was quicker has set its own modes: those stay.
    if (hold != KST_NOTHING && tcgetattr(0, &now) == 0 && kst_same_modes(&now, &terminal->taken)) tcsetattr(0, TCSANOW, &terminal->found);
    ssize_t ignored = hold == KST_SCREEN ? write(0, terminal->leave, terminal->length) : 0;
    (void)ignored;
    _exit(0);
}

/// Starts the guardian. Without one, where no process can be made, the terminal is put back by all but SIGKILL.
static inline void kst_start_guardian(int descriptor) {
    struct kst_terminal *terminal = kst_terminal();
    int ends[2];
    // A socket, not a pipe: writing to a guardian that someone has killed raises no SIGPIPE.
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
    pid_t process = fork();
    if (process == 0) kst_guard(terminal, descriptor, ends[1]);
    close(ends[1]);
    if (process < 0) {
        close(ends[0]);
        return;
    }
    terminal->guardian = ends[0];
    terminal->guardian_process = process;
}

/// Tells the guardian what there is to put back from now on.
static inline void kst_hold_terminal(enum kst_hold hold) {
    char told = (char)hold;
    send(kst_terminal()->guardian, &told, 1, MSG_NOSIGNAL);
}

/// Ends the guardian and leaves no zombie.
static inline void kst_dismiss_guardian(void) {
    struct kst_terminal *terminal = kst_terminal();
    if (terminal->guardian < 0) return;
    close(terminal->guardian);
    terminal->guardian = -1;
    while (waitpid(terminal->guardian_process, NULL, 0) < 0 && errno == EINTR) {}
}

// MARK: The process itself

/// Puts the terminal back as it was found. Async-signal-safe, and harmless when called again.
static inline void kst_restore_terminal(void) {
    struct kst_terminal *terminal = kst_terminal();
    int descriptor = terminal->descriptor;
    if (descriptor < 0) return;
    terminal->descriptor = -1;
    ssize_t ignored = write(descriptor, terminal->leave, terminal->length);
    (void)ignored;
    tcsetattr(descriptor, TCSANOW, &terminal->found);
    kst_hold_terminal(KST_NOTHING);
}

static inline void kst_restore_and_die(int number) {
    kst_restore_terminal();
    signal(number, SIG_DFL);
    raise(number);
}

/// Puts the terminal back on the signals that end a process on the spot, on a stack of the handler's own: the thread's may
/// be what overflowed.
static inline void kst_restore_on_crash(void) {
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_handler = kst_restore_and_die, .sa_flags = SA_ONSTACK};
    int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSYS};
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) sigaction(fatal[i], &action, NULL);
}

/// Remembers how to put the terminal back, and starts whoever does when this process cannot. `leave` is what is written then.
static inline void kst_guard_terminal(int descriptor, const struct termios *found, const struct termios *taken, const char *leave, size_t length) {
    struct kst_terminal *terminal = kst_terminal();
    terminal->found = *found;
    terminal->taken = *taken;
    terminal->length = length < sizeof terminal->leave ? length : sizeof terminal->leave;
    for (size_t i = 0; i < terminal->length; i++) terminal->leave[i] = leave[i];
    kst_start_guardian(descriptor);
    kst_restore_on_crash();
}

/// Takes the terminal over: its modes, then its screen, by writing `enter`. In the background it is stopped at the modes.
static inline void kst_take_terminal(int descriptor, const char *enter, size_t length) {
    struct kst_terminal *terminal = kst_terminal();
    kst_hold_terminal(KST_MODES);
    terminal->descriptor = descriptor;
    tcsetattr(descriptor, TCSANOW, &terminal->taken);
    kst_hold_terminal(KST_SCREEN);
    ssize_t ignored = write(descriptor, enter, length);
    (void)ignored;
}
