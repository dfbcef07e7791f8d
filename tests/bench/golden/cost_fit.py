#!/usr/bin/env python3
"""Prints the golden figures of tests/bench/cost_model_test.cc.

Least squares of the relative error with no negative coefficient: of all sets of
coefficients that may be positive, the one whose solution fulfils the conditions
of Karush, Kuhn and Tucker, in fractions. Run by hand; no test runs it.
"""

from fractions import Fraction
from itertools import combinations

# watched, ready, cost in ns.
SEPARATE = [(10, 2, 8000), (100, 20, 63000), (910, 4, 24500),
            (8100, 50, 247000), (1000, 80, 255000), (10, 3, 9500)]
# The cost falls with the connections, which a wait cannot.
FALLING = [(10, 5, 28000), (110, 7, 38500), (1010, 9, 48000),
           (10010, 6, 30500), (1010, 5, 27500), (110, 9, 49000)]


def solve(matrix, right):
    """Gauss-Jordan; right[i] follows row i."""
    rows = [row + [value] for row, value in zip(matrix, right)]
    size = len(rows)
    for column in range(size):
        pivot = next(i for i in range(column, size) if rows[i][column] != 0)
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [x / rows[column][column] for x in rows[column]]
        for i in range(size):
            if i != column:
                rows[i] = [x - rows[i][column] * y
                           for x, y in zip(rows[i], rows[column])]
    return [row[size] for row in rows]


def fit(costs):
    """a, b, c."""
    points = [[Fraction(x, cost) for x in (1, watched, ready)]
              for watched, ready, cost in costs]
    for size in (3, 2, 1):
        for chosen in combinations(range(3), size):
            matrix = [[sum(p[i] * p[j] for p in points) for j in chosen]
                      for i in chosen]
            right = [sum(p[i] for p in points) for i in chosen]
            result = [Fraction(0)] * 3
            for i, value in zip(chosen, solve(matrix, right)):
                result[i] = value
            residuals = [1 - sum(x * y for x, y in zip(result, p))
                         for p in points]
            gradient = [sum(r * p[i] for r, p in zip(residuals, points))
                        for i in range(3)]
            if min(result) >= 0 and max(gradient) <= 0:
                return result
    raise AssertionError("no solution")


for costs in (SEPARATE, FALLING):
    print(", ".join(f"{float(x):.9g}" for x in fit(costs)))
