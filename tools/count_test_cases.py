"""Counts the test cases of one Bazel command: prints PASSED FAILED SKIPPED.

Reads the file of --build_event_json_file, which names the test.xml of every
test that ran, and nothing that an earlier command left behind.
"""

import json
import sys
import urllib.parse
import xml.etree.ElementTree


def test_xml_paths(events):
    """The last attempt of every shard and run of every test."""
    paths = {}
    for line in events:
        event = json.loads(line)
        if "testResult" not in event:
            continue
        test = event["id"]["testResult"]
        for output in event["testResult"].get("testActionOutput", []):
            if output["name"] == "test.xml":
                key = (test["label"], test.get("shard"), test.get("run"))
                uri = urllib.parse.urlparse(output["uri"])
                paths[key] = urllib.parse.unquote(uri.path)
    return paths.values()


def main():
    passed = failed = skipped = 0
    try:
        with open(sys.argv[1], encoding="utf-8") as events:
            paths = test_xml_paths(events)
    except FileNotFoundError:  # Bazel did not even start.
        paths = []
    for path in paths:
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            if case.get("status") == "notrun":
                continue
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif case.get("result") == "skipped" or case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
    print(passed, failed, skipped)


if __name__ == "__main__":
    main()
