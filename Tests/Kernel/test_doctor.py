"""kstate doctor on faults made for real: every scenario of Tests/Lab/scenarios, on this kernel or in the guest. Needs root.

A scenario is a miss when doctor does not name what it expects, and a false alarm when it names anything else as a warning or
worse. The table is printed; `test_doctor.py --write` puts it into docs/doctor.md.
"""

import functools
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

import round_trip

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import schemas  # noqa: E402

SCENARIOS = os.path.join(HERE, "..", "Lab", "scenarios")
UML = os.path.join(HERE, "..", "Lab", "uml")
DOCS = os.path.join(HERE, "..", "..", "docs")
KSTATE = os.environ.get("KSTATE", os.path.join(HERE, "..", "..", ".build", "release", "kstate"))
GUEST_MODULES = "ip_vs ip_vs_rr ip_vs_wrr nf_conntrack_netlink nf_nat veth dummy vxlan ipip"

# What no lab makes, and where it is tested instead.
UNIT_TESTED = {"port-reuse": "entries after the thread's, Tests/DiagnosisTests (its kernels, before 5.9, are not in the lab)"}


def scenarios(kernel):
    names = []
    for path in sorted(glob.glob(os.path.join(SCENARIOS, "*.sh"))):
        with open(path) as script:
            if re.search(rf"^kernel={kernel}$", script.read(), re.MULTILINE):
                names.append(os.path.basename(path).removesuffix(".sh"))
    return names


class Outcome:
    """What doctor said of a scenario."""

    def __init__(self, record, kernel):
        self.name, self.kernel = record["scenario"], kernel
        self.expects, self.may = set(record["expects"]), set(record["may"])
        self.exit, self.log, self.errors, self.after = record["exit"], record["log"], record["errors"], record["after"]
        self.document = record["document"]
        # How the outputs of a file of its tables differ from those of the tables: a list, or why it was not made.
        self.round_trip = record["round_trip"].strip()
        findings = self.document["findings"] if self.document else []
        self.hints = {finding["rule"] for finding in findings if finding["severity"] == "info"}
        self.alarms = {finding["rule"] for finding in findings if finding["severity"] != "info"}

    @property
    def misses(self):
        return self.expects - self.alarms - self.hints

    @property
    def false_alarms(self):
        return self.alarms - self.expects - self.may

    @property
    def problems(self):
        """Why the scenario is a failure; empty when it is none."""
        problems = []
        if self.log.strip():
            problems.append(f"it could not be made: {self.log.strip()}")
        if self.document is None:
            return problems + [f"doctor printed no document, exit {self.exit}: {self.errors.strip()}"]
        problems += [f"missed: {rule}" for rule in sorted(self.misses)]
        problems += [f"false alarm: {rule}" for rule in sorted(self.false_alarms)]
        if self.exit != (3 if self.alarms else 0):
            problems.append(f"exit status {self.exit} with {sorted(self.alarms)}: {self.errors.strip()}")
        problems += [f"schema: {error.message}" for error in schemas.validator("kstate.findings-1.schema.json").iter_errors(self.document)]
        return problems

    def said(self):
        return "\n".join(f"    {f['severity']} {f['rule']}: {f['title']} {f['evidence']}" for f in (self.document or {"findings": []})["findings"])


def records(command, **environment):
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "KSTATE": os.path.abspath(KSTATE), **environment})
    found = [json.loads(line) for line in result.stdout.splitlines() if line.startswith('{"scenario"')]
    return found, result.stdout + result.stderr


@functools.cache
def run_here():
    found, output = records([os.path.join(SCENARIOS, "run"), *scenarios("any")], SIDE_BY_SIDE="4")
    return [Outcome(record, "this kernel") for record in found], output


@functools.cache
def run_in_guest():
    with tempfile.TemporaryDirectory() as kept:
        found, output = records(
            [UML, os.path.join(SCENARIOS, "run"), *scenarios("guest")], MODULES=GUEST_MODULES, SECONDS_MAX="900", SIDE_BY_SIDE="4", ROUND_TRIP=kept)
        for record in found:
            # Where nothing was kept, the guest's words say why.
            record["round_trip"] = record["round_trip"] or json.dumps(round_trip.problems(os.path.join(kept, record["scenario"])))
    return [Outcome(record, "guest, IPVS") for record in found], output


def scenario_table(outcomes):
    yield "| scenario | where | expected | named (warning or worse) | hints (info) | |"
    yield "|---|---|---|---|---|---|"
    for outcome in sorted(outcomes, key=lambda outcome: (outcome.name.startswith("healthy"), outcome.name)):
        verdict = "FAILED" if outcome.problems else "hit" if outcome.expects else "silent"
        words = [", ".join(sorted(rules)) or "-" for rules in (outcome.expects, outcome.alarms, outcome.hints)]
        yield f"| {outcome.name} | {outcome.kernel} | {' | '.join(words)} | {verdict} |"


def rule_table(outcomes):
    rules = next(outcome.document["rules"] for outcome in outcomes if outcome.document)
    yield "| rule | scenarios that make it | hits | false alarms | |"
    yield "|---|---|---|---|---|"
    for rule in rules:
        made = [outcome for outcome in outcomes if rule in outcome.expects]
        hits = sum(rule not in outcome.misses for outcome in made)
        alarms = sum(rule in outcome.false_alarms for outcome in outcomes)
        yield f"| {rule} | {len(made)} | {hits} | {alarms} of {len(outcomes)} | {'' if made else UNIT_TESTED.get(rule, 'NOT TESTED')} |"


def need_guest(test):
    if not shutil.which("linux.uml"):
        message = "NO GUEST KERNEL: doctor's IPVS rules stay untested. apt-get install user-mode-linux kmod"
        test.fail(message) if os.environ.get("CI") else test.skipTest(message)


class Doctor(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.fail("kernel tests need root: sudo make test")

    def check(self, names, outcomes, output):
        print("", *scenario_table(outcomes), sep="\n", flush=True)
        missing = set(names) - {outcome.name for outcome in outcomes}
        self.assertFalse(missing, f"scenarios that did not end: {sorted(missing)}\n{output}")
        failures = [f"{outcome.name}: {'; '.join(outcome.problems)}\n{outcome.said()}" for outcome in outcomes if outcome.problems]
        self.assertFalse(failures, "\n" + "\n".join(failures))

    def test_scenarios_on_this_kernel(self):
        self.check(scenarios("any"), *run_here())

    def test_scenarios_in_the_guest(self):
        need_guest(self)
        outcomes, output = run_in_guest()
        self.check(scenarios("guest"), outcomes, output)
        # The command that the stale entry's finding ends with lets the client's next SYNs go elsewhere.
        self.assertEqual(next(outcome.after for outcome in outcomes if outcome.name == "stale-tcp").split(), ["1", "0"])

    def test_every_rule_is_made_or_marked(self):
        made = set()
        for name in scenarios("any") + scenarios("guest"):
            with open(os.path.join(SCENARIOS, name + ".sh")) as script:
                made.update(shlex.split(re.search(r"^expects=(.*)$", script.read(), re.MULTILINE)[1])[0].split())
        document = json.loads(subprocess.run(
            [KSTATE, "doctor", "--samples", "1", "-o", "json"], capture_output=True, text=True).stdout)
        self.assertEqual(made | UNIT_TESTED.keys(), set(document["rules"]))

    def test_nothing_is_written(self):
        """Under strace: reads, dump requests and look-ups alone leave the command; what opens a file for writing is none of it."""
        trace = subprocess.run(
            ["strace", "-f", "-qq", "-s", "4096", "-e", "trace=openat,open,creat,sendto,sendmsg,write", "-o", "/dev/stderr",
             KSTATE, "doctor", "--samples", "2", "--interval", "0.1", "-o", "json"], capture_output=True, text=True).stderr
        opened = [line for line in trace.splitlines() if re.search(r"\bopen(at)?\(|creat\(", line)]
        self.assertGreater(len(opened), 20)
        for line in opened:
            self.assertNotRegex(line, r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", line)
        messages = re.findall(r"nlmsg_type=([^,]+), nlmsg_flags=([^,}]+)", trace)
        self.assertGreater(len(messages), 3)
        for kind, flags in messages:
            self.assertRegex(kind, r"(IPCTNL_MSG_CT_GET(_STATS|_STATS_CPU)?|RTM_GET[A-Z]+)$", f"{kind} {flags}")
            self.assertNotRegex(flags, r"NLM_F_CREATE|NLM_F_REPLACE|NLM_F_EXCL", f"{kind} {flags}")


def write_docs():
    outcomes = run_here()[0] + run_in_guest()[0]
    path = os.path.join(DOCS, "doctor.md")
    with open(path) as text:
        page = text.read()
    for name, table in (("scenarios", scenario_table), ("rules", rule_table)):
        lines = "\n".join(table(outcomes))
        page = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda match: f"{match[1]}{lines}\n{match[2]}", page, flags=re.DOTALL)
    with open(path, "w") as text:
        text.write(page)
    for outcome in outcomes:
        if outcome.problems:
            print(f"{outcome.name}: {'; '.join(outcome.problems)}\n{outcome.said()}")


if __name__ == "__main__":
    if "--write" in sys.argv:
        write_docs()
    else:
        unittest.main()
