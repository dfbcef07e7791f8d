"""Counts the test cases of one Bazel command: prints PASSED FAILED SKIPPED, and
then each test that failed first and passed when it was run again.

Reads the file of --build_event_json_file, which names the test.xml and test.log
of every attempt at every test, and nothing that an earlier command left behind.
A failed attempt is forgiven only where a busy machine may be the reason: a crash
or a sanitizer's report counts as a failure whatever came after it.
"""

import json
import re
import sys
import urllib.parse
import xml.etree.ElementTree

REPORT = re.compile(
    r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|: runtime error: ")
# What Bazel writes for a test that left no test.xml; 128 and above: a signal.
EXIT_CODE = re.compile(r"exited with error code (\d+)")


def attempts(events):
    """The status of each attempt at each shard and run of each test, and the
    paths of its outputs: {(LABEL, SHARD, RUN): [(STATUS, {NAME: PATH}), ...]}."""
    tests = {}
    for line in events:
        event = json.loads(line)
        if "testResult" not in event:
            continue
        test = event["id"]["testResult"]
        key = (test["label"], test.get("shard", 0), test.get("run", 0))
        outputs = {
            output["name"]: urllib.parse.unquote(
                urllib.parse.urlparse(output["uri"]).path)
            for output in event["testResult"].get("testActionOutput", [])
        }
        tests.setdefault(key, []).append(
            (test.get("attempt", 1), event["testResult"].get("status"), outputs))
    return {
        key: [(status, outputs) for _, status, outputs in
              sorted(found, key=lambda one: one[0])]
        for key, found in tests.items()
    }


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


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def is_forgivable(outputs):
    if "test.xml" not in outputs or "test.log" not in outputs:
        return False
    codes = EXIT_CODE.findall(read(outputs["test.xml"]))
    return all(int(code) < 128 for code in codes) and not REPORT.search(
        read(outputs["test.log"]))


def main():
    passed = failed = skipped = 0
    again = set()
    try:
        with open(sys.argv[1], encoding="utf-8") as events:
            tests = attempts(events)
    except FileNotFoundError:  # Bazel did not even start.
        tests = {}
    for (label, _, _), (*earlier, (status, outputs)) in sorted(tests.items()):
        if "test.xml" in outputs:
            counts = count(outputs["test.xml"])
            passed += counts[0]
            failed += counts[1]
            skipped += counts[2]
        if status not in ("PASSED", "FLAKY"):
            continue
        for _, outputs in earlier:
            if is_forgivable(outputs):
                again.add(label)
            else:
                failed += 1
    print(passed, failed, skipped, *sorted(again))


if __name__ == "__main__":
    main()
