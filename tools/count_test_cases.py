"""Counts the test cases of one Bazel command: prints PASSED FAILED SKIPPED.

Reads the file of --build_event_json_file, which names the test.xml of every
test, shard and run, and nothing that an earlier command left behind.
"""

import json
import sys
import urllib.parse
import xml.etree.ElementTree


def reports(events):
    """The path of each test.xml."""
    for line in events:
        for output in json.loads(line).get("testResult", {}).get(
                "testActionOutput", []):
            if output["name"] == "test.xml":
                yield urllib.parse.unquote(
                    urllib.parse.urlparse(output["uri"]).path)


def count(path):
    """PASSED, FAILED and SKIPPED of one test.xml."""
    passed = failed = skipped = 0
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        if case.get("status") == "notrun":
            continue
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.get("result") == "skipped" or case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main():
    try:
        with open(sys.argv[1], encoding="utf-8") as events:
            counts = [count(path) for path in reports(events)]
    except FileNotFoundError:  # Bazel did not even start.
        counts = []
    print(*map(sum, zip((0, 0, 0), *counts)))


if __name__ == "__main__":
    main()
