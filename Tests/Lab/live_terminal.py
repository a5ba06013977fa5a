"""A command on a terminal of its own, as a shell's foreground job: what it shows, and how it leaves the terminal."""

import ctypes
import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import termios
import time

ENTER = b"\x1b[?1049h\x1b[?25l\x1b[?7l"
LEAVE = b"\x1b[?2026l\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
FRAME = re.compile(rb"\x1b\[\?2026h\x1b\[H(.*?)\x1b\[J\x1b\[\?2026l", re.DOTALL)
ESCAPE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
# No measure of speed: what hangs must end at some time.
PATIENCE = 300
PR_SET_CHILD_SUBREAPER = 36


def become_the_one_who_buries():
    """Makes orphans this process's children, so that it can tell when they have ended."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class LiveTerminal:
    def __init__(self, command, rows=24, columns=100, environment=None):
        become_the_one_who_buries()
        self.output = b""
        self.frames_read_to = 0
        self.lines = []
        self.news, theirs = socket.socketpair()
        self.shell, self.master = pty.fork()
        if self.shell == 0:
            self.news.close()
            try:
                be_a_shell(command, theirs, {**os.environ, "TERM": "xterm", **(environment or {})})
            finally:
                # Whatever happens, it is not to go on as a second run of the tests.
                os._exit(0)
        theirs.close()
        self.resize(rows, columns)
        self.found = self.modes
        self.news.sendall(b"!")
        self.process = int(self.told().split()[1])

    def told(self):
        """What the shell has to say next: `started PID`, `stopped` or `ended STATUS`."""
        self.until(lambda: select.select([self.news], [], [], 0)[0], "the shell has something to say")
        news = self.news.recv(64).decode().strip()
        self.has_ended = news.startswith("ended")
        return news

    @property
    def modes(self):
        return termios.tcgetattr(self.master)

    def resize(self, rows, columns):
        """As a window does: the kernel sends the SIGWINCH."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys)

    def send(self, number):
        os.kill(self.process, number)

    def children(self):
        with open(f"/proc/{self.process}/task/{self.process}/children") as file:
            return [int(number) for number in file.read().split()]

    def read(self):
        """Takes what the command has written."""
        while select.select([self.master], [], [], 0.05)[0]:
            try:
                self.output += os.read(self.master, 65536)
            except OSError:
                return
        for frame in FRAME.finditer(self.output, self.frames_read_to):
            self.frames_read_to = frame.end()
            # The terminal puts a carriage return of its own before each newline.
            self.lines = ESCAPE.sub(b"", frame[1]).decode(errors="replace").replace("\r", "").split("\n")

    def until(self, is_true, what):
        """Reads on until it is true."""
        end = time.monotonic() + PATIENCE
        while True:
            self.read()
            if is_true():
                return
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain until {what}; the screen:\n" + "\n".join(self.lines))

    def until_shown(self, is_right, what):
        """Waits for a frame whose lines are right, and returns them."""
        self.until(lambda: self.lines and is_right(self.lines), what)
        return self.lines

    def until_taken(self):
        self.until(lambda: ENTER in self.output and self.lines, "the live screen is there")

    def until_gone(self, process):
        """Waits for the end of a process that is an orphan, or that its parent has waited for."""
        def is_gone():
            try:
                os.waitpid(process, os.WNOHANG)
            except ChildProcessError:
                pass
            return not os.path.exists(f"/proc/{process}")
        self.until(is_gone, f"process {process} has ended")

    def close(self):
        if not self.has_ended:
            os.kill(self.process, signal.SIGKILL)
        self.news.close()
        os.waitpid(self.shell, 0)
        os.close(self.master)


def be_a_shell(command, news, environment):
    """Runs the command as the terminal's foreground job, and tells what becomes of it. Stays, as a shell does, until `news` closes:
    the end of a terminal's first process hangs it up."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    news.recv(1)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execve(command[0], command, environment)
    news.sendall(f"started {job}\n".encode())
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            news.sendall(b"stopped\n")
        else:
            news.sendall(f"ended {os.waitstatus_to_exitcode(status)}\n".encode())
            break
    news.recv(1)
