"""Compressed snapshots where the node lacks something: libzstd, files without a name, or the time to end."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import unittest

KSTATE = os.environ["KSTATE"]
LAB = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "Lab")


def run(*arguments, **options):
    return subprocess.run([KSTATE, *arguments], capture_output=True, text=True, timeout=120, **options)


def endless(path):
    """A zstd file of two megabytes that holds 64 GiB: a frame of blocks that repeat one byte 128 KiB long each."""
    block = ((1 << 17) << 3 | 1 << 1).to_bytes(3, "little") + b"x"
    with open(path, "wb") as file:
        file.write(b"\x28\xb5\x2f\xfd" + b"\x00" + b"\x38" + block * (1 << 19))


class Decompression(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.temporary = self.path("temporary")
        os.mkdir(self.temporary)
        self.plain, self.packed = self.path("plain.kstate"), self.path("packed.kstate")
        for result in (run("snapshot", "save", self.plain), run("snapshot", "save", self.packed, "--from", self.plain, "--compress")):
            self.assertEqual(result.returncode, 0, result.stderr)

    def path(self, name):
        return os.path.join(self.folder, name)

    def environment(self, **variables):
        return {**os.environ, "TMPDIR": self.temporary, **variables}

    def preloaded(self):
        """Where no file system has files without a name."""
        library = self.path("no-nameless-files.so")
        subprocess.run(["cc", "-O2", "-Wall", "-shared", "-fPIC", "-o", library, f"{LAB}/no-nameless-files.c"], check=True)
        return self.environment(LD_PRELOAD=library)

    def ended(self, number, environment):
        """What a decompression leaves in its directory that a signal ends in its midst."""
        endless(self.path("endless"))
        process = subprocess.Popen([KSTATE, "conn", "--from", self.path("endless")], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while not self.written(process):
            self.assertIsNone(process.poll(), "it has ended before the signal")
            self.assertLess(time.monotonic(), end, "nothing is decompressed")
        process.send_signal(number)
        self.assertEqual(process.wait(timeout=60), -number)
        return os.listdir(self.temporary)

    def written(self, process):
        """Bytes of the file in the directory that the process has open."""
        opened = f"/proc/{process.pid}/fd"
        try:
            files = [os.path.join(opened, name) for name in os.listdir(opened)]
            return sum(os.stat(file).st_size for file in files if os.readlink(file).startswith(self.temporary))
        except FileNotFoundError:
            return 0

    def test_a_signal_leaves_nothing_behind(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            self.assertEqual(self.ended(number, self.environment()), [], number)

    def test_where_every_file_has_a_name(self):
        environment = self.preloaded()
        result, plain = run("conn", "--from", self.packed, "-o", "json", env=environment), run("conn", "--from", self.plain, "-o", "json")
        self.assertEqual((result.stdout, result.stderr, result.returncode), (plain.stdout, plain.stderr, plain.returncode))
        self.assertEqual(os.listdir(self.temporary), [])
        for number in (signal.SIGTERM, signal.SIGINT):
            self.assertEqual(self.ended(number, environment), [], number)
        # What nobody can take away is at least nobody else's to read.
        (left,) = self.ended(signal.SIGKILL, environment)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.temporary, left)).st_mode), 0o600)

    def test_a_directory_that_takes_no_file_with_a_name(self):
        result = run("conn", "--from", self.packed, env={**self.preloaded(), "TMPDIR": "/proc/self"})
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"decompressing to /proc/self: .*; name another directory in TMPDIR\n")

    def test_a_node_without_libzstd(self):
        """Needs root, for chroot: a system that has what the binary is linked with and nothing else."""
        root = self.path("root")
        libraries = [word for word in subprocess.check_output(["ldd", KSTATE], text=True).split() if word.startswith("/")]
        for file in libraries:
            os.makedirs(root + os.path.dirname(file), exist_ok=True)
            shutil.copy(file, root + file)
        for name in ("tmp", "proc"):
            os.mkdir(os.path.join(root, name))
        for source, name in ((KSTATE, "kstate"), (self.plain, "plain.kstate"), (self.packed, "packed.kstate")):
            shutil.copy(source, os.path.join(root, name))

        def inside(*arguments):
            script = 'mount --bind /proc "$1/proc" && exec chroot "$1" /kstate "${@:2}"'
            return subprocess.run(["unshare", "-m", "bash", "-c", script, "bash", root, *arguments], capture_output=True, text=True)

        self.assertEqual(inside("conn", "--from", "/plain.kstate").returncode, 0)
        for arguments in (["conn", "--from", "/packed.kstate"], ["snapshot", "info", "/packed.kstate"],
                          ["snapshot", "save", "/new.kstate", "--from", "/plain.kstate", "--compress"]):
            result = inside(*arguments)
            self.assertEqual(result.returncode, 1, arguments)
            self.assertRegex(result.stderr, r"^kstate: opening libzstd\.so\.1: .*cannot open shared object file.*; install the package libzstd1 "
                             r"\(libzstd on other systems than Debian\), or do without compression: zstd -d makes a plain file of a compressed one\n$")
        self.assertEqual(os.listdir(os.path.join(root, "tmp")), [])
        self.assertEqual({name for name in os.listdir(root) if "new" in name}, set())


if __name__ == "__main__":
    unittest.main()
