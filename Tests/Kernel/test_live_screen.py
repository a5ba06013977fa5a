"""The live screen over a table of a hundred thousand entries, as whoever sits at the terminal works with it. Needs root."""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "Lab"))
import test_conntrack
from comparison import KSTATE
from live_terminal import LEAVE, LiveTerminal


def range_shown(lines):
    """First row, last row and number of rows, as the line of keys tells; zeros when there are none."""
    numbers = re.match(r"(\d+)-(\d+) of (\d+) ", lines[-1])
    return tuple(map(int, numbers.groups())) if numbers else (0, 0, 0)


def order(lines):
    return re.search(r"sort: (\S+)", lines[-1])[1]


def rows(lines):
    """The rows, each with its mark: what is below the heading."""
    heading = next(number for number, line in enumerate(lines) if re.fullmatch(r"  [A-Z ]+", line))
    return [line for line in lines[heading + 1:-1] if line]


class Services(test_conntrack.FilledNamespace):
    def test_the_first_look_at_the_whole_table_does_not_wait_for_the_next_interval(self):
        self.fill(20_000)
        whole = json.loads(subprocess.run([KSTATE, "service", "--netns", self.netns, "-o", "json"], capture_output=True, text=True).stdout)
        terminal = LiveTerminal([KSTATE, "service", "--watch", "--interval", "3600", "--netns", self.netns], rows=30, columns=120, environment={"NO_COLOR": "1"})
        self.addCleanup(terminal.close)

        def services(lines):
            count = re.search(r"^services (\d+), ", "\n".join(lines), re.M)
            return int(count[1]) if count else 0
        # Some entries' time may have run out meanwhile.
        terminal.until_shown(lambda lines: services(lines) > 0.9 * len(whole["services"]), "all services are counted")


class LargeTable(test_conntrack.FilledNamespace):
    def setUp(self):
        super().setUp()
        self.terminal = LiveTerminal([KSTATE, "conn", "--watch", "--netns", self.netns], rows=30, columns=120, environment={"NO_COLOR": "1"})
        self.addCleanup(self.terminal.close)
        self.terminal.until_taken()
        # Only entries made while someone listens send an event when they end.
        self.fill(100_000)
        self.terminal.until_shown(lambda lines: range_shown(lines)[2] > 99_000, "all rows are counted")

    def press(self, keys, is_right, what):
        self.terminal.type(keys)
        return self.terminal.until_shown(is_right, what)

    def quit(self):
        guardian, = self.terminal.children()
        self.terminal.type(b"q")
        self.assertEqual(self.terminal.told(), "ended 0")
        self.terminal.until_gone(guardian)
        self.terminal.read()
        self.assertTrue(self.terminal.output.endswith(LEAVE))
        self.assertEqual(self.terminal.modes, self.terminal.found)

    def test_keys(self):
        first = self.terminal.lines
        self.assertEqual(len(first), 30)
        page = range_shown(first)[1]
        self.assertEqual(len(rows(first)), page)
        by_order = rows(self.press(b"s", lambda lines: order(lines) != order(first), "another order"))
        self.assertNotEqual(by_order, rows(first))
        down = self.press(b"\x1b[B\x1b[B", lambda lines: range_shown(lines)[0] == 3, "two rows down")
        self.assertEqual(range_shown(down)[1], page + 2)
        self.press(b"\x1b[A", lambda lines: range_shown(lines)[0] == 2, "a row up")
        self.press(b"\x1b[6~", lambda lines: range_shown(lines)[0] == 2 + page, "a page down")
        last = self.press(b"G", lambda lines: range_shown(lines)[1] == range_shown(lines)[2], "the last page")
        self.assertEqual(len(rows(last)), page)
        # Both keys at once: up from the last page, not from beyond it.
        self.press(b"G\x1b[A", lambda lines: range_shown(lines)[1] == range_shown(lines)[2] - 1, "a row above the end")
        self.press(b"g", lambda lines: range_shown(lines)[0] == 1, "the first page")
        paused = self.press(b" ", lambda lines: "PAUSED" in lines[-1], "a pause")
        self.inside("conntrack -F 2>/dev/null")
        # The totals live on while the rows stand still.
        later = self.press(b"j", lambda lines: range_shown(lines)[0] == 2 and totals(lines) != totals(paused), "news above the rows that stand still")
        self.assertEqual(range_shown(later)[2], range_shown(paused)[2])
        self.press(b" ", lambda lines: "PAUSED" not in lines[-1] and range_shown(lines)[2] < range_shown(paused)[2], "the watch goes on")
        self.quit()

    def test_rows_that_end(self):
        self.inside("conntrack -F 2>/dev/null")
        self.terminal.until_shown(lambda lines: any(line.startswith("- ") for line in rows(lines)), "rows marked as ending")
        self.terminal.until_shown(lambda lines: lines[-1].startswith("no connections"), "the last row has gone")
        self.quit()

    def test_the_windows_size_is_followed(self):
        for height, width in ((12, 60), (50, 200), (5, 20)):
            self.terminal.resize(height, width)
            lines = self.terminal.until_shown(lambda lines: len(lines) == height, f"a frame of {height} lines")
            self.assertLessEqual(max(map(len, lines)), width, [line for line in lines if len(line) > width])
            self.assertTrue(rows(lines))
        self.quit()


def totals(lines):
    """What is above the heading."""
    return lines[1:len(lines) - 1 - len(rows(lines))]
