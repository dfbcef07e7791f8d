#!/usr/bin/env python3
"""Prints what two_speeds_test.cc expects of two-speeds.json.gz.

Another way to the same figures than bench/lab's: pairs, order statistics,
corrections and verdicts as docs/method.md declares them.  two-speeds.json.gz is
a recorded run, of which only what the analysis needs was kept.
"""

import gzip
import json
import math
import pathlib
import statistics

STEAL, OTHER_CPU, MARGIN = 0.025, 0.10, 0.02
FILE = pathlib.Path(__file__).with_name("two-speeds.json.gz")


def is_clean(trial):
    window = trial["window_ns"]
    return (
        trial["valid"]
        and (trial["steal_ns"] or 0) <= STEAL * window
        and trial["other_cpu_ns"] <= OTHER_CPU * window
    )


def interval(values, confidence):
    """The narrowest order statistics that cover the median."""
    n, rank, below = len(values), 0, 0.0
    for k in range(1, n // 2 + 1):
        below += math.comb(n, k - 1) / 2**n
        if 1 - 2 * below < confidence:
            break
        rank = k
    return values[rank - 1], values[-rank]


def effect(trials, arm, baseline, confidence):
    attempts = {}
    for t in trials:
        if t["arm"] in (arm, baseline) and is_clean(t):
            key = (t["round"], t["attempt"])
            cost = t["server_cpu_ns"] / t["messages"]
            attempts.setdefault(key, {})[t["arm"]] = cost
    first = {}
    for (round_, _), pair in sorted(attempts.items()):
        if len(pair) == 2:
            ratio = math.log(pair[arm] / pair[baseline])
            first.setdefault(round_, ratio)
    values = sorted(first.values())
    return statistics.median(values), *interval(values, confidence), len(values)


def judge(median, low, high, control):
    limit = math.log(1 + MARGIN)
    if control[1] <= 0 <= control[2] and -limit <= low and high <= limit:
        return "Equivalent"
    noise = max(abs(control[1]), abs(control[2]))
    if low <= 0 <= high or abs(median) <= noise:
        return "Inconclusive"
    return "Faster" if median < 0 else "Slower"


def main():
    run = json.loads(gzip.decompress(FILE.read_bytes()))
    plan = run["plan"]
    baseline, control = plan["baseline"], plan["control"]
    scenarios = [s["name"] for s in plan["scenarios"]]
    by_scenario = {
        s: [t for t in run["trials"] if t["scenario"] == s] for s in scenarios
    }
    compared = [
        (s, a["name"])
        for s in scenarios
        for a in plan["arms"]
        if a["name"] not in (baseline, control)
        and any(t["arm"] == a["name"] for t in by_scenario[s])
    ]
    for s, arm in compared:
        trials = by_scenario[s]
        noise = effect(trials, control, baseline, 1 - 0.05 / len(scenarios))
        found = effect(trials, arm, baseline, 1 - 0.05 / len(compared))
        ratio, low, high = (math.exp(x) for x in found[:3])
        print(
            f'    {{"{s}", "{arm}", {ratio:.6f}, {low:.6f}, {high:.6f}, '
            f"{found[3]}, Verdict::k{judge(*found[:3], noise)}}},"
        )


if __name__ == "__main__":
    main()
