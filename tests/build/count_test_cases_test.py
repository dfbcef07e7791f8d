"""What a second attempt forgives. Usage: count_test_cases_test.py COUNTER"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

PASSED = '<testsuite><testcase name="a"/><testcase name="b"/></testsuite>'
SKIPPED = '<testsuite><testcase name="a" result="skipped"/></testsuite>'
FAILED = '<testsuite><testcase name="a"><failure/></testcase></testsuite>'


def ended(code):
    """What Bazel writes for a test without a test.xml of its own."""
    return (f'<testsuite><testcase name="a"><error message="exited with error '
            f'code {code}"/></testcase></testsuite>')


class CountTestCasesTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.events = []

    def write(self, text):
        path = os.path.join(self.directory, f"{len(os.listdir(self.directory))}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return "file://" + path

    def attempt(self, number, status, xml, log=""):
        self.events.append({
            "id": {"testResult": {"label": "//:t", "shard": 1, "run": 1,
                                  "attempt": number}},
            "testResult": {"status": status, "testActionOutput": [
                {"name": "test.xml", "uri": self.write(xml)},
                {"name": "test.log", "uri": self.write(log)},
            ]},
        })

    def count(self):
        path = os.path.join(self.directory, "events")
        with open(path, "w", encoding="utf-8") as file:
            for event in [{"id": {"progress": {}}}, *self.events]:
                file.write(json.dumps(event) + "\n")
        return subprocess.run(
            [sys.executable, COUNTER, path], check=True, capture_output=True,
            text=True).stdout.strip()

    def test_the_last_attempt_is_counted(self):
        self.attempt(1, "FAILED", FAILED, "a: Failure")
        self.attempt(2, "PASSED", PASSED)
        self.assertEqual(self.count(), "2 0 0 //:t")

    def test_one_attempt(self):
        self.attempt(1, "PASSED", SKIPPED)
        self.assertEqual(self.count(), "0 0 1")

    def test_two_failures_are_one(self):
        self.attempt(1, "FAILED", FAILED)
        self.attempt(2, "FAILED", FAILED)
        self.assertEqual(self.count(), "0 1 0")

    def test_an_exit_code_is_forgiven_but_no_signal(self):
        self.attempt(1, "FAILED", ended(1))
        self.attempt(2, "PASSED", PASSED)
        self.assertEqual(self.count(), "2 0 0 //:t")
        self.events.clear()
        self.attempt(1, "FAILED", ended(134))
        self.attempt(2, "PASSED", PASSED)
        self.assertEqual(self.count(), "2 1 0")

    def test_no_report_of_a_sanitizer_is_forgiven(self):
        for log in ("WARNING: ThreadSanitizer: data race (pid=1)",
                    "ERROR: AddressSanitizer: heap-use-after-free",
                    "ERROR: LeakSanitizer: detected memory leaks",
                    "a.cc:3:5: runtime error: signed integer overflow"):
            self.events.clear()
            self.attempt(1, "FAILED", FAILED, log)
            self.attempt(2, "PASSED", PASSED)
            self.assertEqual(self.count(), "2 1 0", log)

    def test_bazel_that_did_not_start(self):
        output = subprocess.run(
            [sys.executable, COUNTER, "/nonexistent"], check=True,
            capture_output=True, text=True).stdout
        self.assertEqual(output, "0 0 0\n")


if __name__ == "__main__":
    COUNTER = sys.argv.pop(1)
    unittest.main()
