"""The colours of system calls, which touch each other in a bar, can be told
apart, by everybody. Usage: colours_test.py CSS"""

import itertools
import math
import re
import sys
import unittest

# CIE76; 2.3 is just noticeable side by side.
LEAST_DISTANCE = 15
# WCAG 2.1, 1.4.11, with the ground and the panel.
LEAST_CONTRAST = 3

# What who lacks a cone sees of linear RGB: Machado, Oliveira and Fernandes,
# IEEE TVCG 15(6), 2009, severity 1.
SIGHTS = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    ]


def seen(rgb, sight):
    return [
        min(1, max(0, sum(weight * part for weight, part in zip(row, rgb))))
        for row in sight
    ]


def lab(rgb):
    """CIE L*a*b*, D65."""
    r, g, b = rgb
    tristimulus = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (
        value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116
        for value in tristimulus
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def contrast(one, other):
    dark, light = sorted(
        0.2126 * r + 0.7152 * g + 0.0722 * b
        for r, g, b in (linear(one), linear(other))
    )
    return (light + 0.05) / (dark + 0.05)


class ColoursTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(CSS, encoding="utf-8") as file:
            css = file.read()
        # Light and dark; the third is of print, and has the light one's calls.
        roots = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
        cls.schemes = [
            dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", root))
            for root in roots[:2]
        ]

    def calls(self, scheme):
        colours = [value for name, value in scheme.items()
                   if name.startswith("call")]
        self.assertEqual(len(colours), 8)
        return colours

    def test_calls_can_be_told_apart(self):
        for scheme in self.schemes:
            for one, other in itertools.combinations(self.calls(scheme), 2):
                for name, sight in SIGHTS.items():
                    distance = math.dist(
                        lab(seen(linear(one), sight)),
                        lab(seen(linear(other), sight)))
                    self.assertGreaterEqual(
                        distance, LEAST_DISTANCE, (one, other, name))

    def test_calls_stand_out(self):
        for scheme in self.schemes:
            for colour in self.calls(scheme):
                for ground in ("ground", "panel"):
                    self.assertGreaterEqual(
                        contrast(colour, scheme[ground]), LEAST_CONTRAST, colour)


if __name__ == "__main__":
    CSS = sys.argv.pop(1)
    unittest.main()
