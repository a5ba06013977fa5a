"""The guest's tests again, under a stock Debian 6.12 kernel in QEMU: make second-opinion."""

import unittest

from test_guest import Guest as FirstGuest


class SecondGuest(FirstGuest):
    LAUNCHER, NEEDS = "qemu", "qemu-system-x86_64"
    STOPS_ITS_CLOCK = False


del FirstGuest  # its tests are not to be run from here too

if __name__ == "__main__":
    unittest.main()
