"""Live output and that of files: for the scenarios of test_doctor and the labs of this kernel; test_guest has those of the guest.
Needs root."""

import json
import os
import subprocess
import tempfile
import unittest

import round_trip
import test_doctor
from test_conntrack import FilledNamespace, LAB


class Scenarios(unittest.TestCase):
    def check(self, names, outcomes):
        self.assertEqual({outcome.name for outcome in outcomes}, set(names))
        problems = [f"{outcome.name}: {outcome.round_trip}" for outcome in outcomes if outcome.round_trip != "[]"]
        self.assertFalse(problems, "\n".join(problems))

    def test_on_this_kernel(self):
        test_doctor.Doctor.setUp(self)
        self.check(test_doctor.scenarios("any"), test_doctor.run_here()[0])

    def test_in_the_guest(self):
        test_doctor.need_guest(self)
        self.check(test_doctor.scenarios("guest"), test_doctor.run_in_guest()[0])


class Labs(FilledNamespace):
    def check(self, netns, *arguments, **options):
        problems = round_trip.problems_here(round_trip.Place(netns=netns), *arguments, **options)
        self.assertFalse(problems, "\n".join(problems))

    def lab(self, name):
        """Makes a lab, until the test has ended; the name of the namespace to look at."""
        script = f"source {LAB}/{name}.sh; trap {name}_end EXIT; {name}_begin; echo $router; read -r _"
        lab = subprocess.Popen(["bash", "-euc", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(lab.communicate)  # its standard input ends, and with it the lab
        netns = lab.stdout.readline().strip()
        self.assertTrue(netns, "the lab did not come up")
        return netns

    def test_the_story(self):
        netns = self.lab("story")
        self.check(netns, everything=True)
        self.check_samples(netns)

    def test_every_protocol_with_counters_helpers_zones_and_labels(self):
        self.check(self.lab("protocols"), round_trip.FORMATS + round_trip.OPTIONS)

    def test_random_entries(self):
        self.inside("sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1")
        self.fill(500, seed=23)
        self.check(self.netns)

    def save(self, netns, *options):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "table.kstate")
        round_trip.Output.of("snapshot", "save", path, "--netns", netns, *options)
        return path

    def test_several_walks_of_the_kernels_filter_have_an_order_of_their_own(self):
        self.fill(1_000, seed=29)
        path = self.save(self.netns)
        arguments = ["conn", "--kernel-filter", "always", "--protocol", "tcp,udp", "--service", ":9153,:53", "-o", "csv",
                     "--columns", "protocol,client,service,backend,conntrack,flags,mark,zone,id"]
        live, saved = round_trip.Output.of(*arguments, "--netns", self.netns), round_trip.Output.of(*arguments, "--from", path)
        self.assertEqual(live.end, saved.end)
        self.assertEqual(sorted(live.lines()), sorted(saved.lines()))
        self.assertNotEqual(live.lines(), saved.lines())
        sort = ["--sort", "client"]
        live, saved = (round_trip.Output.of(*arguments, *place, *sort) for place in (["--netns", self.netns], ["--from", path]))
        self.assertEqual((live.end, live.lines()), (saved.end, saved.lines()))

    def check_samples(self, netns):
        """Several samples in a file are the readings that the doctor makes of a node; of one it says what that cannot tell."""
        # The start and the first sample together must not outlast an interval: a beat would be left out.
        path = self.save(netns, "--for", "10s", "--every", "5s")
        said = {}
        for name, options in {
                "live": ["--netns", netns, "--samples", "3", "--interval", "5"], "saved": ["--from", path],
                "one live": ["--netns", netns, "--samples", "1"], "one saved": ["--from", self.save(netns)]}.items():
            document = json.loads(round_trip.Output.of("doctor", *options, "-o", "json").text)
            findings = [[finding[word] for word in ("rule", "severity", "title")] for finding in document["findings"]]
            said[name] = document["samples"], findings, document["not_checked"]
        self.assertEqual(said["live"], said["saved"])
        self.assertEqual(said["one live"], said["one saved"])
        self.assertEqual((said["live"][0], said["one live"][0]), (3, 1))
        self.assertGreater(len(said["one live"][2]), len(said["live"][2]))


if __name__ == "__main__":
    unittest.main()
