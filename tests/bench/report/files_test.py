"""The files of a real comparison. Usage: files_test.py POLYMUX SCHEMA"""

import csv
import filecmp
import json
import os
import subprocess
import sys
import tempfile
import unittest

import jsonschema


def run(*arguments, directory):
    environment = {**os.environ, "BUILD_WORKING_DIRECTORY": directory}
    return subprocess.run(
        [POLYMUX, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


class FilesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.directory = directory.name
        cls.compared = run(
            "compare", "--arms", "epoll-lt,poll,raw-epoll", "--connections",
            "4", "--rounds", "2", "--duration", "200ms", "--warm-up", "10ms",
            "--allow-debug", "--out", "out", directory=cls.directory)
        cls.out = os.path.join(cls.directory, "out")

    def test_the_last_line_is_the_page(self):
        self.assertEqual(self.compared.returncode, 0, self.compared.stderr)
        last = self.compared.stdout.splitlines()[-1]
        self.assertEqual(last, os.path.join(self.out, "report.html"))
        self.assertTrue(os.path.exists(last))

    def test_the_results_follow_the_published_schema(self):
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        with open(os.path.join(self.out, "results.json"),
                  encoding="utf-8") as file:
            results = json.load(file)
        jsonschema.Draft7Validator.check_schema(schema)
        jsonschema.validate(results, schema)
        self.assertGreaterEqual(len(results["trials"]), 6)
        # It does find fault: with what it does not name, and with a gap.
        results["trials"][0]["massages"] = 1
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate(results, schema)
        del results["trials"][0]["massages"]
        jsonschema.validate(results, schema)
        del results["trials"][0]["messages"]
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate(results, schema)

    def test_the_csv_is_tidy(self):
        with open(os.path.join(self.out, "results.csv"), encoding="utf-8",
                  newline="") as file:
            rows = list(csv.DictReader(file))
        cpu = [r for r in rows if r["metric"] == "server_cpu_us_per_message"]
        self.assertEqual({r["arm"] for r in cpu} &
                         {"epoll-lt", "poll", "raw-epoll"},
                         {"epoll-lt", "poll", "raw-epoll"})
        for row in cpu:
            self.assertGreater(float(row["value"]), 0)

    def test_report_makes_the_same_again(self):
        made = run("report", "out/results.json", "--out", "again",
                   directory=self.directory)
        self.assertEqual(made.returncode, 0, made.stderr)
        again = os.path.join(self.directory, "again")
        self.assertEqual(made.stdout.splitlines()[-1],
                         os.path.join(again, "report.html"))
        for name in ("results.json", "results.csv", "report.md",
                     "report.html"):
            with self.subTest(name=name):
                self.assertTrue(filecmp.cmp(os.path.join(self.out, name),
                                            os.path.join(again, name),
                                            shallow=False))

    def test_report_refuses_what_it_cannot_read(self):
        missing = run("report", "nothing.json", directory=self.directory)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("nothing.json", missing.stderr)
        old = os.path.join(self.directory, "old.json")
        with open(old, "w", encoding="utf-8") as file:
            json.dump({"tool": "polymux", "schema_version": 1}, file)
        refused = run("report", old, directory=self.directory)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("schema_version 1", refused.stderr)
        self.assertEqual(
            run("report", directory=self.directory).returncode, 2)


if __name__ == "__main__":
    SCHEMA = os.path.abspath(sys.argv.pop())
    POLYMUX = os.path.abspath(sys.argv.pop())
    unittest.main()
