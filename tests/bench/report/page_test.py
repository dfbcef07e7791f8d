"""The report's page in headless Chromium. Usage: page_test.py SAMPLE_PAGE"""

import base64
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

from browser import Browser

HOSTILE = "<b>x</b>&\"'|"

# Of every chart: its section, its size on the screen, and how many of the
# things drawn in it are there to be seen.
CHARTS = """
[...document.querySelectorAll('svg.chart')].map(svg => {
  const box = svg.getBoundingClientRect();
  const drawn = [...svg.querySelectorAll('path.mark, rect.call')].filter(e => {
    const b = e.getBoundingClientRect();
    return b.width > 0 && b.height > 0 && b.left >= box.left - 1 &&
           b.right <= box.right + 1 && b.top >= box.top - 1 &&
           b.bottom <= box.bottom + 1;
  });
  return {section: svg.closest('section').id, width: box.width,
          height: box.height, drawn: drawn.length,
          marks: svg.querySelectorAll('path.mark, rect.call').length,
          broken: /NaN|inf/.test(svg.outerHTML)};
})
"""

SMALLEST_TEXT = """
Math.min(...[...document.querySelectorAll('svg.chart text')].map(
    e => e.getBoundingClientRect().height))
"""

COLOURS = """
(() => {
  const channels = c => c.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const of = (selector, what) => channels(
      getComputedStyle(document.querySelector(selector))[what]);
  const marks = [0, 1, 2, 3, 4, 5].map(
      i => getComputedStyle(document.querySelector(`main .a${i} .mark`)).fill);
  return {ground: of('body', 'backgroundColor'), ink: of('body', 'color'),
          soft: of('.how', 'color'), faster: of('.badge.faster', 'color'),
          faster_ground: of('.badge.faster', 'backgroundColor'),
          slower: of('.badge.slower', 'color'),
          slower_ground: of('.badge.slower', 'backgroundColor'),
          panel: of('figure', 'backgroundColor'),
          marks: marks.map(channels)};
})()
"""


def contrast(one, other):
    """The contrast ratio of WCAG 2."""

    def luminance(colour):
        parts = [c / 255 for c in colour]
        parts = [
            p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4
            for p in parts
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.page = os.path.join(directory.name, "sound.html")
        cls.unsound = os.path.join(directory.name, "unsound.html")
        subprocess.run([SAMPLE_PAGE, cls.page, cls.unsound], check=True)
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.browser.call("Emulation.clearDeviceMetricsOverride")
        self.browser.call("Emulation.setEmulatedMedia", features=[])
        self.browser.open(self.page)

    def evaluate(self, expression):
        return self.browser.evaluate(expression)

    def test_asks_for_nothing_and_complains_of_nothing(self):
        urls = [
            event["request"]["url"]
            for event in self.browser.seen("Network.requestWillBeSent")
        ]
        others = [u for u in urls if not u.startswith("data:")]
        self.assertEqual(others, ["file://" + self.page])
        for event in ("Log.entryAdded", "Runtime.consoleAPICalled",
                      "Runtime.exceptionThrown"):
            self.assertEqual(self.browser.seen(event), [])

    def test_its_policy_forbids_the_network(self):
        blocked = self.evaluate("""
            new Promise(done => {
              document.addEventListener('securitypolicyviolation',
                  event => done(event.effectiveDirective));
              fetch('http://127.0.0.1:9/').catch(() => {});
              setTimeout(() => done('nothing'), 3000);
            })""")
        self.assertEqual(blocked, "connect-src")

    def test_works_without_javascript(self):
        self.assertEqual(self.evaluate("document.scripts.length"), 0)
        handlers = self.evaluate("""
            [...document.querySelectorAll('*')].filter(e =>
                [...e.attributes].some(a => a.name.startsWith('on'))).length""")
        self.assertEqual(handlers, 0)

    def test_every_chart_is_drawn(self):
        charts = self.evaluate(CHARTS)
        per_section = {}
        for chart in charts:
            with self.subTest(chart=chart):
                self.assertGreater(chart["width"], 300)
                self.assertGreater(chart["height"], 60)
                self.assertGreater(chart["marks"], 1)
                self.assertEqual(chart["drawn"], chart["marks"])
                self.assertFalse(chart["broken"])
            section = chart["section"]
            per_section[section] = per_section.get(section, 0) + 1
        self.assertEqual(
            per_section,
            {"effects": 6, "cost": 1, "latency": 6, "load": 2, "calls": 6,
             "trials": 6})
        self.assertEqual(self.evaluate(
            "document.querySelectorAll('#winners td.winner').length"), 4)
        self.assertEqual(self.evaluate(
            "document.querySelectorAll('#figures table').length"), 12)

    def test_every_link_of_the_contents_leads_somewhere(self):
        self.assertEqual(self.evaluate("""
            [...document.querySelectorAll('nav a')].filter(a =>
                !document.querySelector(a.getAttribute('href'))).length"""), 0)
        self.assertGreater(
            self.evaluate("document.querySelectorAll('nav a').length"), 10)

    def test_what_users_wrote_is_text(self):
        self.assertEqual(
            self.evaluate("document.querySelectorAll('main i, script').length"),
            0)
        text = self.evaluate("document.body.innerText")
        self.assertIn(HOSTILE, text)
        self.assertIn("<script>alert(1)</script>", text)

    def test_an_arm_can_be_hidden(self):
        visible = """[...document.querySelectorAll('main .a3')].filter(
            e => e.getBoundingClientRect().height > 0).length"""
        self.assertGreater(self.evaluate(visible), 20)
        self.evaluate("document.querySelector('#show3').click()")
        self.assertEqual(self.evaluate(visible), 0)
        self.assertGreater(self.evaluate(visible.replace("a3", "a2")), 20)

    def test_a_red_box_if_the_control_is_unsound(self):
        alarms = "[...document.querySelectorAll('.alarm')].map(e => e.innerText)"
        self.assertEqual(self.evaluate(alarms), [])
        self.browser.open(self.unsound)
        (alarm,) = self.evaluate(alarms)
        self.assertIn("DO NOT QUOTE", alarm)

    def test_light_and_dark_can_be_read(self):
        grounds = []
        for scheme in ("light", "dark"):
            self.browser.call(
                "Emulation.setEmulatedMedia",
                features=[{"name": "prefers-color-scheme", "value": scheme}])
            colours = self.evaluate(COLOURS)
            grounds.append(colours["ground"])
            for ink, ground in (("ink", "ground"), ("soft", "ground"),
                                ("soft", "panel"),
                                ("faster", "faster_ground"),
                                ("slower", "slower_ground")):
                with self.subTest(scheme=scheme, ink=ink):
                    self.assertGreater(
                        contrast(colours[ink], colours[ground]), 4.5)
            marks = colours["marks"]
            self.assertEqual(len({tuple(mark) for mark in marks}), 6)
            for mark in marks:
                self.assertGreater(contrast(mark, colours["panel"]), 3)
        self.assertGreater(contrast(*grounds), 10)

    def test_fits_a_phone(self):
        self.browser.call("Emulation.setDeviceMetricsOverride", width=360,
                          height=740, deviceScaleFactor=2, mobile=True)
        self.assertLessEqual(
            self.evaluate("document.documentElement.scrollWidth"), 360)
        self.assertGreater(self.evaluate(SMALLEST_TEXT), 8)

    def test_prints(self):
        pdf = base64.b64decode(self.browser.call("Page.printToPDF")["data"])
        pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
        self.assertTrue(2 <= pages <= 20, pages)

    def test_carries_its_data(self):
        link = self.evaluate(
            "document.querySelector('#data a[download]').href")
        data = gzip.decompress(base64.b64decode(link.split(",", 1)[1]))
        document = json.loads(data)
        self.assertEqual(document["tool"], "polymux")
        self.assertEqual(len(document["trials"]), 6 * 6 * 12 - 12)
        self.assertLessEqual(os.path.getsize(self.page), 1 << 20)


if __name__ == "__main__":
    SAMPLE_PAGE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
