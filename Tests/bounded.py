"""A process whose output a test waits for: where it does not come, the process is ended, so that the test fails and does not hang."""

import sys
import threading

# No measure of speed: what hangs must end at some time.
PATIENCE = 300


def bound(test, process):
    """Lets `process` live for no longer than anybody would wait: whoever reads from it meets the end of its output."""
    def give_up():
        print(f"{test}: {process.args} was killed, because after {PATIENCE} s it was still waited for", file=sys.stderr, flush=True)
        process.kill()
    timer = threading.Timer(PATIENCE, give_up)
    timer.daemon = True
    timer.start()
    test.addCleanup(timer.cancel)
    return process
