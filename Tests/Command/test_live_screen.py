"""The live screen's end, whatever it is: the terminal is as it was found, and no process is left."""

import os
import resource
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "Lab"))
from live_terminal import ENTER, LEAVE, LiveTerminal

KSTATE = os.environ["KSTATE"]


class LiveScreenTest(unittest.TestCase):
    def watch(self, *arguments):
        # No core file of a crash that is meant.
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        terminal = LiveTerminal([KSTATE, *(arguments or ("conn", "--watch"))])
        self.addCleanup(terminal.close)
        terminal.until_taken()
        self.assertNotEqual(terminal.modes, terminal.found)
        return terminal

    def assert_leaves(self, terminal, end, status):
        guardian, = terminal.children()
        end()
        self.assertEqual(terminal.told(), f"ended {status}")
        terminal.until_gone(guardian)
        terminal.read()
        self.assertEqual(terminal.modes, terminal.found)
        self.assertEqual(terminal.output.count(ENTER), 1)
        self.assertEqual(terminal.output.count(LEAVE), 1)
        self.assertTrue(terminal.output.endswith(LEAVE), terminal.output[-200:])


class LeavesTheTerminal(LiveScreenTest):
    def test_keys(self):
        for keys in (b"q", b"\x03", b"\x04", b"\x1c"):
            with self.subTest(keys):
                terminal = self.watch()
                self.assert_leaves(terminal, lambda: terminal.type(keys), 0)

    def test_signals_that_ask_for_an_end(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(number):
                terminal = self.watch()
                self.assert_leaves(terminal, lambda: terminal.send(number), 0)

    def test_crashes(self):
        for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGFPE, signal.SIGSYS):
            with self.subTest(number):
                terminal = self.watch()
                self.assert_leaves(terminal, lambda: terminal.send(number), -number)

    def test_ends_that_no_handler_sees(self):
        for number in (signal.SIGKILL, signal.SIGUSR1, signal.SIGALRM):
            with self.subTest(number):
                terminal = self.watch()
                self.assert_leaves(terminal, lambda: terminal.send(number), -number)

    def test_services_too(self):
        terminal = self.watch("service", "--watch")
        self.assert_leaves(terminal, lambda: terminal.send(signal.SIGKILL), -signal.SIGKILL)

    def test_a_kill_of_the_whole_foreground_job(self):
        terminal = self.watch()
        self.assert_leaves(terminal, lambda: os.killpg(terminal.process, signal.SIGKILL), -signal.SIGKILL)

    def test_a_guardian_that_is_told_to_end_stays(self):
        terminal = self.watch()
        guardian, = terminal.children()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP, signal.SIGQUIT):
            os.kill(guardian, number)
        self.assert_leaves(terminal, lambda: terminal.send(signal.SIGKILL), -signal.SIGKILL)

    def test_a_watch_whose_guardian_was_killed_goes_on_and_leaves_tidily(self):
        terminal = self.watch()
        guardian, = terminal.children()
        os.kill(guardian, signal.SIGKILL)
        terminal.type(b"s")
        terminal.until_shown(lambda lines: "sort: service" not in lines[-1], "another order")
        self.assert_leaves(terminal, lambda: terminal.type(b"q"), 0)

    def test_the_guardian_holds_nothing_but_the_terminal_and_its_socket(self):
        terminal = self.watch()
        guardian, = terminal.children()
        self.assertEqual(sorted(os.listdir(f"/proc/{guardian}/fd")), ["0", "1"])
        self.assertNotEqual(os.getsid(guardian), os.getsid(terminal.process))
        self.assert_leaves(terminal, lambda: terminal.type(b"q"), 0)


class ChosenColumns(LiveScreenTest):
    def test_the_columns_that_were_asked_for_and_no_others(self):
        for options, heading in ((["--columns", "conntrack,client"], ["CONNTRACK", "CLIENT"]),
                                 (["-o", "wide", "--columns", "zone"], ["ZONE"])):
            terminal = self.watch("conn", "--watch", *options)
            terminal.until_shown(lambda lines: any(line.split() == heading for line in lines), f"a heading of {heading}")
            self.assert_leaves(terminal, lambda: terminal.type(b"q"), 0)


class JobControl(LiveScreenTest):
    def stopped(self):
        terminal = self.watch()
        terminal.type(b"\x1a")
        self.assertEqual(terminal.told(), "stopped")
        terminal.read()
        self.assertEqual(terminal.modes, terminal.found)
        self.assertTrue(terminal.output.endswith(LEAVE))
        terminal.output, terminal.frames_read_to, terminal.lines = b"", 0, []
        return terminal

    def test_a_stop_gives_the_terminal_back_and_the_foreground_takes_it_again(self):
        terminal = self.stopped()
        terminal.send(signal.SIGCONT)
        terminal.until_taken()
        self.assertNotEqual(terminal.modes, terminal.found)
        guardian, = terminal.children()
        terminal.type(b"q")
        self.assertEqual(terminal.told(), "ended 0")
        terminal.until_gone(guardian)
        terminal.read()
        self.assertEqual(terminal.modes, terminal.found)
        self.assertTrue(terminal.output.endswith(LEAVE))

    def test_a_kill_while_stopped_leaves_the_shell_alone(self):
        terminal = self.stopped()
        guardian, = terminal.children()
        terminal.send(signal.SIGKILL)
        self.assertEqual(terminal.told(), f"ended {-signal.SIGKILL}")
        terminal.until_gone(guardian)
        terminal.read()
        self.assertEqual(terminal.output, b"")
        self.assertEqual(terminal.modes, terminal.found)
