"""What .ci/run counts. Usage: count_test_cases_test.py COUNTER"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

PASSED = '<testsuite><testcase name="a"/><testcase name="b"/></testsuite>'
SKIPPED = '<testsuite><testcase name="a" result="skipped"/></testsuite>'
FAILED = '<testsuite><testcase name="a"><failure/></testcase></testsuite>'
NOT_RUN = '<testsuite><testcase name="a" status="notrun"/></testsuite>'
# What Bazel writes for a test without a test.xml of its own.
ENDED = ('<testsuite><testcase name="a"><error message="exited with error code '
         '134"/></testcase></testsuite>')


class CountTestCasesTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def count(self, *reports):
        events = [{"id": {"progress": {}}}]
        for i, report in enumerate(reports):
            uri = "file://" + self.write(f"{i} test.xml", report).replace(
                " ", "%20")
            events.append({"testResult": {"testActionOutput": [
                {"name": "test.log", "uri": "file:///nonexistent"},
                {"name": "test.xml", "uri": uri}]}})
        return self.run_on(self.write(
            "events", "".join(json.dumps(event) + "\n" for event in events)))

    def run_on(self, path):
        return subprocess.run(
            [sys.executable, COUNTER, path], check=True, capture_output=True,
            text=True).stdout

    def test_each_kind(self):
        self.assertEqual(self.count(PASSED), "2 0 0\n")
        self.assertEqual(self.count(FAILED), "0 1 0\n")
        self.assertEqual(self.count(ENDED), "0 1 0\n")
        self.assertEqual(self.count(SKIPPED), "0 0 1\n")
        self.assertEqual(self.count(NOT_RUN), "0 0 0\n")

    def test_all_are_counted(self):
        self.assertEqual(self.count(PASSED, FAILED, SKIPPED, PASSED), "4 1 1\n")

    def test_none(self):
        self.assertEqual(self.count(), "0 0 0\n")

    def test_bazel_that_did_not_start(self):
        self.assertEqual(self.run_on("/nonexistent"), "0 0 0\n")


if __name__ == "__main__":
    COUNTER = sys.argv.pop(1)
    unittest.main()
