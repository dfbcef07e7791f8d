"""docs/scenarios.schema.json and `polymux compare --scenario-file` agree.

Usage: scenario_schema_test.py POLYMUX SCHEMA EXAMPLE
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
import unittest

import jsonschema

TAKEN = [
    "",
    "active = 3\nidle = 0\ndepth = 2",
    "message_size = '64K'",
    "message_size = 1",
    "message_size = 1073741824",
    "message_size = '1g'",
    "message_size = '01048576K'",
    "rate = 1000",
    "rate = 12.5\narrivals = 'constant'",
    "rate = 10\ndepth = 1",
    "messages_per_connection = 4\ndepth = 3",
    "depth = 65536",
    "slow_readers = 2",
    "slow_readers = 10000",
    "burst = true",
    "burst = false\nrate = 5",
    "fan_out = true\nactive = 5\ndepth = 2",
    "fan_out = true\nidle = 0\nslow_readers = 0\nburst = false",
    "fan_out = false\nidle = 3",
    "reactors = 0",
    "reactors = 1024",
]
REFUSED = [
    "activ = 3",
    "active = 0",
    "active = 1.5",
    "active = '3'",
    "active = 1000001",
    "idle = -1",
    "message_size = 0",
    "message_size = -4",
    "message_size = '4 k'",
    "message_size = true",
    "message_size = 1073741825",
    "message_size = '1073741825'",
    "message_size = '1048577k'",
    "message_size = '1025m'",
    "message_size = '2g'",
    "message_size = '100g'",
    "depth = 0",
    "depth = 65537",
    "rate = 0",
    "rate = 'fast'",
    "rate = 10\ndepth = 2",
    "arrivals = 'normal'",
    "messages_per_connection = 0",
    "rate = 10\nmessages_per_connection = 3",
    "slow_readers = -1",
    "slow_readers = 10001",
    "burst = 1",
    "burst = true\ndepth = 2",
    "burst = true\nrate = 10",
    "fan_out = 1",
    "fan_out = true\nidle = 1",
    "fan_out = true\nrate = 10",
    "fan_out = true\nslow_readers = 1",
    "fan_out = true\nburst = true",
    "fan_out = true\nmessages_per_connection = 3",
    "reactors = -1",
    "reactors = 1025",
]


class SchemaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft7Validator.check_schema(schema)
        cls.validator = jsonschema.Draft7Validator(schema)
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.path = os.path.join(directory.name, "own.toml")

    def run_with(self, text):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        return subprocess.run(
            [POLYMUX, "compare", "--dry-run", "--scenario-file", self.path],
            capture_output=True, text=True, timeout=60, check=False)

    def check(self, text, good):
        valid = self.validator.is_valid(tomllib.loads(text))
        self.assertEqual(valid, good, f"the schema on:\n{text}")
        run = self.run_with(text)
        self.assertEqual(run.returncode, 0 if good else 2,
                         f"{run.stderr} on:\n{text}")
        if not good:
            self.assertRegex(run.stderr, r"own\.toml:\d+: ")

    def test_what_is_taken(self):
        for fields in TAKEN:
            self.check(f"[[scenario]]\nname = 'own'\n{fields}\n", True)

    def test_what_is_refused(self):
        for fields in REFUSED:
            self.check(f"[[scenario]]\nname = 'own'\n{fields}\n", False)
        self.check("[[scenario]]\nactive = 1\n", False)
        self.check("[[scenario]]\nname = 'a b'\n", False)
        self.check(f"[[scenario]]\nname = '{'n' * 64}'\n", True)
        self.check(f"[[scenario]]\nname = '{'n' * 65}'\n", False)
        self.check("[[scenario]]\nname = 'own'\n[other]\n", False)
        self.check("scenario = 3\n", False)

    def test_the_example(self):
        with open(EXAMPLE, encoding="utf-8") as file:
            text = file.read()
        self.check(text, True)
        names = [one["name"] for one in tomllib.loads(text)["scenario"]]
        plan = self.run_with(text).stdout
        for name in names:
            self.assertIn(f"  {name} ", plan)


if __name__ == "__main__":
    POLYMUX, SCHEMA, EXAMPLE = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1])
