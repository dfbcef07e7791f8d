#!/usr/bin/env python3
"""Prints the golden figures of tests/bench/statistics_test.cc.

An implementation of its own: the binomial distribution is scipy's (1.10).
Run by hand; no test runs it.
"""
from scipy.stats import binom

for n in (6, 12, 24, 36, 101, 1000):
    for confidence in (0.95, 0.99, 0.9999):
        rank = int(binom.ppf((1 - confidence) / 2, n, 0.5))
        # P(B < rank) <= alpha / 2, and no larger rank has it.
        while rank > 0 and 2 * binom.cdf(rank - 1, n, 0.5) > 1 - confidence:
            rank -= 1
        while 2 * binom.cdf(rank, n, 0.5) <= 1 - confidence:
            rank += 1
        coverage = 1 - 2 * binom.cdf(rank - 1, n, 0.5) if rank else 0
        print(f"{{{n}, {confidence}, {rank}, {coverage:.12f}}},")
