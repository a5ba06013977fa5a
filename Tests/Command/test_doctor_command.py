"""kstate doctor's command line: bad usage, its document against the schema, and its exit status. Needs no rights and makes no traffic."""

import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
KSTATE = os.environ.get("KSTATE", os.path.join(HERE, "..", "..", ".build", "release", "kstate"))
sys.path.insert(0, os.path.join(HERE, ".."))
import schemas  # noqa: E402


def doctor(*arguments, **options):
    return subprocess.run([KSTATE, "doctor", *arguments], capture_output=True, text=True, **options)


class Usage(unittest.TestCase):
    def assert_usage(self, *arguments, names):
        result = doctor(*arguments)
        self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
        self.assertIn(names, result.stderr)

    def test_numbers_out_of_range(self):
        self.assert_usage("--samples", "0", names="--samples 0")
        self.assert_usage("--samples", "1001", names="--samples 1001")
        self.assert_usage("--interval", "0", names="--interval 0")
        self.assert_usage("--interval", "nan", names="--interval")

    def test_formats_and_filters(self):
        self.assert_usage("-o", "csv", names="csv")
        self.assert_usage("--port", "99999", names="99999")
        self.assert_usage("--family", "6", "--client", "10.0.0.1", names="exclude each other")

    def test_a_namespace_that_is_not_there(self):
        result = doctor("--netns", "no-such-namespace", "--samples", "1")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no-such-namespace", result.stderr)


class Report(unittest.TestCase):
    def test_the_document_is_as_the_schema_says(self):
        result = doctor("--samples", "2", "--interval", "0.1", "-o", "json")
        document = json.loads(result.stdout)
        schemas.validator("kstate.findings-1.schema.json").validate(document)
        self.assertEqual(document["samples"], 2)
        worst = {finding["severity"] for finding in document["findings"]}
        if worst & {"warning", "critical"}:
            self.assertEqual(result.returncode, 3)
        else:
            self.assertIn(result.returncode, (0, 1))

    def test_what_needs_time_is_not_claimed_to_be_checked(self):
        document = json.loads(doctor("--samples", "1", "-o", "json").stdout)
        unchecked = {entry["rule"] for entry in document["not_checked"]}
        self.assertLessEqual({"insert-race", "invalid-packets", "replicas-on-one-node"}, unchecked)

    def test_a_reader_that_goes_away(self):
        with open(os.devnull, "w") as null:
            process = subprocess.Popen([KSTATE, "doctor", "--samples", "1"], stdout=subprocess.PIPE, stderr=null)
            process.stdout.close()
            self.assertIn(process.wait(60), (0, 1, 3))


if __name__ == "__main__":
    unittest.main()
