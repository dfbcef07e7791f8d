"""A page made again from the data in it is the same page.

Usage: again_test.py POLYMUX SCHEMA PAGE; for a PAGE that is not .html, the last
page that sample_page writes.
"""

import base64
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema

LINK = re.compile(r'href="data:application/gzip;base64,([^"]+)"')


class AgainTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.directory = directory.name
        page = PAGE
        if not page.endswith(".html"):
            pages = [os.path.join(cls.directory, f"{i}.html") for i in range(4)]
            subprocess.run([page, *pages], check=True)
            page = pages[-1]
        with open(page, "rb") as file:
            cls.page = file.read()
        (link,) = LINK.findall(cls.page.decode())
        cls.data = gzip.decompress(base64.b64decode(link))

    def test_it_has_at_most_one_mebibyte(self):
        self.assertLessEqual(len(self.page), 1 << 20)

    def test_its_data_follow_the_published_schema(self):
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.validate(json.loads(self.data), schema)

    def test_it_is_made_again(self):
        results = os.path.join(self.directory, "results.json")
        with open(results, "wb") as file:
            file.write(self.data)
        again = os.path.join(self.directory, "again")
        subprocess.run([POLYMUX, "report", results, "--out", again],
                       stdout=subprocess.DEVNULL, check=True)
        with open(os.path.join(again, "report.html"), "rb") as file:
            made = file.read()
        self.assertIn(b'<section id="latency">', made)
        # Not assertEqual, which would show a megabyte.
        self.assertTrue(made == self.page, f"they differ: {again}")


if __name__ == "__main__":
    PAGE = os.path.abspath(sys.argv.pop())
    SCHEMA = os.path.abspath(sys.argv.pop())
    POLYMUX = os.path.abspath(sys.argv.pop())
    unittest.main()
