"""The texts that conntrack prints in each of its formats, and the kernel's file, against a snapshot of the same table. Needs root."""

import os
import subprocess
import tempfile
import time
import unittest

import imports
from test_conntrack import FilledNamespace, LAB


class Texts(FilledNamespace):
    def compare(self, folder, netns):
        """Saves the table of a namespace in every way there is, and compares. Gives the number of entries."""
        def save(name, *command):
            path = os.path.join(folder, name)
            with open(path, "w") as file:
                subprocess.run(["ip", "netns", "exec", netns, *command], stdout=file, stderr=subprocess.DEVNULL, check=True)
            return path

        start = time.monotonic()
        snapshot = os.path.join(folder, "table.kstate")
        subprocess.run([imports.KSTATE, "snapshot", "save", "--netns", netns, snapshot], check=True, capture_output=True)
        texts = {form: save(f"conntrack {form}", "conntrack", "-L", *(["-o", form] if form else [])) for form in imports.FORMATS}
        proc = save("nf_conntrack", "cat", "/proc/net/nf_conntrack")
        apart = time.monotonic() - start + 2
        counts = {imports.compare_conntrack(self, snapshot, texts[form], carried, apart, knows_icmp="xml" not in form)
                  for form, carried in imports.FORMATS.items()}
        counts.add(imports.compare_conntrack(self, snapshot, proc, imports.PROC, apart))
        count, = counts
        imported = os.path.join(folder, "imported.kstate")
        result = subprocess.run([imports.KSTATE, "snapshot", "import", *texts.values(), proc, imported], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn(f"{imported}: {count} conntrack entries", result.stdout)
        imports.compare_conntrack(self, snapshot, imported, imports.LINE | {"id"}, apart)
        return count

    def test_random_entries(self):
        self.inside("sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1")
        self.fill(4_000, seed=11)
        with tempfile.TemporaryDirectory() as folder:
            self.assertGreater(self.compare(folder, self.netns), 3_900)

    def test_packets_of_every_protocol(self):
        script = f"""
            source {LAB}/protocols.sh; trap protocols_end EXIT; protocols_begin
            echo $router >&3; read -r _ <&4"""
        ready, given = os.pipe()
        wait, end = os.pipe()
        lab = subprocess.Popen(["bash", "-euc", f"exec 3>&{given} 4<&{wait}; {script}"], pass_fds=(given, wait), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(given)
        os.close(wait)
        try:
            with os.fdopen(ready) as names, tempfile.TemporaryDirectory() as folder:
                self.assertEqual(self.compare(folder, names.readline().strip()), 16)
        finally:
            os.close(end)
            lab.wait()


if __name__ == "__main__":
    unittest.main()
