"""The binary as a user meets it on a bad day: wrong words, no rights, closed pipes, full disks, narrow terminals."""

import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import fcntl
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
from bounded import bound

KSTATE = os.environ["KSTATE"]
SCHEMAS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "docs", "schema")


def run(*arguments, **options):
    return subprocess.run([KSTATE, "conn", *arguments], capture_output=True, text=True, **options)


class BadUsage(unittest.TestCase):
    """Each names the thing and what would be right, and exits with 2."""

    CASES = {
        ("--port", "0"): "1 to 65535", ("--port", "65536"): "1 to 65535", ("--port", "dns"): "53 for dns", ("--port", ""): "empty",
        ("--port", "53,,80"): "empty", ("--client", "10.0.0.300"): "no IPv4 or IPv6 address", ("--service", "10.0.0.0/33"): "0 to 32",
        ("--backend", "10.0.0.1:0"): "1 to 65535", ("--protocol", "tpc"): "unknown", ("--state", "OPENED"): "SYN_SENT", ("--family", "5"): "4 or 6",
        ("--table", "arp"): "conntrack or ipvs", ("--table", "ipvs", "--unreplied"): "exclude each other", ("--mark", "3/1"): "outside the mask",
        ("--family", "4", "--client", "fd00::1"): "exclude each other", ("--protocol", "icmp", "--port", "53"): "no ports",
        ("--port", "53", "--service", ":80", "--backend", ":8080"): "--port excludes", ("--sort", "colour"): "unknown",
        ("--watch", "--sort", "client"): "on a terminal", ("--watch", "--no-header"): "does not go",
        ("--columns", "client,colour"): "unknown", ("--limit", "0"): "above 0", ("-o", "yaml"): "yaml", ("--watch", "-o", "csv"): "exclude each other",
        ("--netns", "a", "--pid", "1"): "exclude each other", ("--pid", "0"): "above 0", ("--dying", "--table", "ipvs"): "exclude each other",
        ("--colour",): "Unknown option", ("--columns", "client", "-o", "json"): "exclude each other",
    }

    def test_each(self):
        for arguments, message in self.CASES.items():
            with self.subTest(arguments):
                result = run(*arguments)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(message, result.stderr)
                self.assertEqual(result.stdout, "")


class NotThere(unittest.TestCase):
    def test_no_such_namespace(self):
        result = run("--netns", "no-such-namespace")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/run/netns/no-such-namespace", result.stderr)

    def test_no_such_process(self):
        ended = subprocess.Popen(["true"])
        ended.wait()
        result = run("--pid", str(ended.pid))
        self.assertEqual(result.returncode, 1)
        self.assertIn("no such process", result.stderr)

    def test_a_file_that_is_no_namespace(self):
        result = run("--netns", "/etc/hostname")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/etc/hostname", result.stderr)

    def test_without_rights(self):
        result = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", KSTATE, "conn"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("CAP_NET_ADMIN", result.stderr)


class Output(unittest.TestCase):
    def test_help_and_version(self):
        for arguments in (["--help"], ["conn", "--help"], ["--version"], ["--generate-completion-script", "bash"]):
            self.assertEqual(subprocess.run([KSTATE, *arguments], capture_output=True).returncode, 0, arguments)

    def test_files_are_completed_where_one_is_asked_for(self):
        script = ('source <("$0" --generate-completion-script bash); COMP_WORDS=(kstate "$@"); COMP_CWORD=$#; COMP_LINE="${COMP_WORDS[*]}"; '
                  'COMP_POINT=${#COMP_LINE}; _kstate kstate "${@: -1}" "${@: -2:1}"; printf "%s\\n" "${COMPREPLY[@]}"')
        with tempfile.TemporaryDirectory() as folder:
            open(os.path.join(folder, "incident.kstate"), "w").close()
            os.mkdir(os.path.join(folder, "recording"))
            for words in (["conn", "--from", "inc"], ["doctor", "--from", "inc"], ["snapshot", "save", "inc"], ["snapshot", "info", "inc"],
                          ["snapshot", "diff", "inc"], ["snapshot", "import", "inc"], ["snapshot", "save", "--key", "inc"],
                          ["service", "--kube", "inc"], ["record", "rec"]):
                completed = subprocess.check_output(["bash", "-c", script, KSTATE, *words], text=True, cwd=folder)
                self.assertIn(completed.strip().rstrip("/"), ("incident.kstate", "recording"), words)

    def test_a_full_disk(self):
        for arguments in (["-o", "json"], ["-o", "table"], ["-o", "csv"]):
            with open("/dev/full", "w") as full:
                result = subprocess.run([KSTATE, "conn", *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(result.returncode, 1)
            self.assertIn("No space left on device", result.stderr)

    def test_a_node_needs_glibc_alone(self):
        needed = {line.split()[0] for line in subprocess.check_output(["ldd", KSTATE], text=True).splitlines()}
        self.assertEqual({name for name in needed if "vdso" not in name and "ld-linux" not in name}, {"libc.so.6", "libm.so.6"})

    def test_the_peers_lines_without_the_peers_library(self):
        script = 'for each in $(ldconfig -p | sed -n "s/.*libnetfilter_conntrack.so.3.*=> //p"); do mount --bind /dev/null $each; done; exec "$@"'
        without = ["unshare", "-m", "sh", "-c", script, "sh", KSTATE, "conn"]
        result = subprocess.run([*without, "-o", "conntrack"], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertRegex(result.stderr, "^kstate: opening libnetfilter_conntrack.so.3: .*; install the package libnetfilter-conntrack3")
        self.assertEqual(subprocess.run([*without, "-o", "json"], capture_output=True).returncode, 0)

    def test_without_proc(self):
        script = 'umount -l /proc && exec "$@"'
        result = subprocess.run(
            ["unshare", "-m", "sh", "-c", script, "sh", KSTATE, "conn", "-o", "json"], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertEqual(result.stderr, "kstate: reading the command line: /proc is not mounted; mount -t proc proc /proc\n")

    def test_a_closed_pipe_ends_quietly(self):
        reading, writing = os.pipe()
        os.close(reading)
        result = subprocess.run([KSTATE, "conn", "-o", "json"], stdout=writing, stderr=subprocess.PIPE, text=True)
        os.close(writing)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stderr, "")

    def test_the_document_fits_its_schema(self):
        import jsonschema
        with open(os.path.join(SCHEMAS, "kstate.connections-1.schema.json")) as file:
            schema = json.load(file)
        jsonschema.validate(json.loads(run("-o", "json").stdout), schema)
        jsonschema.validate(json.loads(run("-o", "json", "--all-netns").stdout), schema)

    def on_terminal(self, columns, **environment):
        """What the command writes on a terminal of that many columns."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([KSTATE, "conn"], stdout=theirs, stderr=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm", **environment})
        os.close(theirs)
        output = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break
            if not piece:
                break
            output += piece
        process.wait()
        return output.decode()

    def test_colour_on_a_terminal_but_not_under_no_color(self):
        self.assertIn("\x1b[", self.on_terminal(80))
        self.assertNotIn("\x1b[", self.on_terminal(80, NO_COLOR="1"))
        self.assertNotIn("\x1b[", run().stdout)

    def test_twenty_columns_are_kept(self):
        for line in self.on_terminal(20, NO_COLOR="1").splitlines():
            self.assertLessEqual(len(line), 20)

    def test_a_watch_ends_cleanly_on_a_signal(self):
        for signal in (2, 15):
            watch = bound(self, subprocess.Popen([KSTATE, "conn", "--watch", "-o", "jsonl"], stdout=subprocess.PIPE, text=True))
            first = json.loads(watch.stdout.readline())
            self.assertIn(first["event"], ("new", "resync"))
            watch.send_signal(signal)
            watch.communicate(timeout=20)
            self.assertEqual(watch.returncode, 0)


if __name__ == "__main__":
    unittest.main()
