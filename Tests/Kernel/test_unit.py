"""The recorder's systemd unit, under systemd in the guest."""

import os
import shutil
import subprocess
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))


@unittest.skipUnless(os.path.exists("/lib/systemd/systemd"), "no systemd here")
class Unit(unittest.TestCase):
    def test_it_has_all_that_the_recorder_needs(self):
        if not shutil.which("linux.uml"):
            message = "NO GUEST KERNEL: the recorder's unit stays untested. linux.uml is missing: make setup"
            if os.environ.get("CI"):
                self.fail(message)
            self.skipTest(message)
        result = subprocess.run([os.path.join(HERE, "..", "Lab", "uml"), os.path.join(HERE, "guest_unit.sh")], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
