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


PANEL = """
getComputedStyle(document.querySelector('figure')).backgroundColor.match(
    /[\\d.]+/g).map(Number)
"""

# Of each arm, what its marks and its lines look like.
LOOKS = """
[...document.querySelectorAll('.arms label')].map((label, arm) => {
  const mark = label.querySelector('.mark');
  const look = getComputedStyle(mark);
  const line = getComputedStyle(
      document.querySelector(`#latency .a${arm} .line`));
  return {mark: [mark.getAttribute('d'), look.fill, look.stroke],
          line: [line.stroke, line.strokeDasharray, line.strokeWidth],
          colour: line.stroke};
})
"""

# Of each section, how far below the arms its heading is when a link leads
# there; and how far it could still go.
LANDINGS = """
(() => {
  document.documentElement.style.scrollBehavior = 'auto';
  return [...document.querySelectorAll('nav a')].map(link => {
    link.click();
    const heading = document.querySelector(
        link.getAttribute('href') + ' h2').getBoundingClientRect();
    const arms = document.querySelector('.arms').getBoundingClientRect();
    return {link: link.innerText, top: heading.top,
            gap: heading.top - Math.max(0, arms.bottom),
            last: scrollY + innerHeight >=
                  document.documentElement.scrollHeight - 1};
  });
})()
"""

# The sections in which arms are told apart by their looks alone, and the names
# of the key that can be seen there.
KEYS = """
Object.fromEntries([...document.querySelectorAll('section:has(.key)')].map(
    section => [section.id, [...section.querySelectorAll('.key li')].filter(
        e => e.getBoundingClientRect().height > 0).map(e => e.innerText)]))
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
        cls.many = os.path.join(directory.name, "many.html")
        long_run = os.path.join(directory.name, "long.html")
        subprocess.run(
            [SAMPLE_PAGE, cls.page, cls.unsound, cls.many, long_run],
            check=True)
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.browser.call("Emulation.clearDeviceMetricsOverride")
        self.browser.call("Emulation.setEmulatedMedia", features=[])
        self.browser.open(self.page)

    def use_screen(self, width, height=800, mobile=False):
        self.browser.call("Emulation.setDeviceMetricsOverride", width=width,
                          height=height, deviceScaleFactor=1, mobile=mobile)

    def use_scheme(self, scheme):
        self.browser.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}])

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
            {"effects": 7, "cost": 1, "share": 1, "latency": 7, "load": 2,
             "calls": 7, "trials": 7})
        self.assertEqual(self.evaluate(
            "document.querySelectorAll('#winners td.winner').length"), 5)
        self.assertEqual(self.evaluate(
            "document.querySelectorAll('#figures table').length"), 14)

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

    def test_many_arms_can_be_told_apart(self):
        self.browser.open(self.many)
        for scheme in ("light", "dark"):
            self.use_scheme(scheme)
            looks = self.evaluate(LOOKS)
            panel = self.evaluate(PANEL)
            self.assertEqual(len(looks), 18)
            for what in ("mark", "line"):
                different = {tuple(look[what]) for look in looks}
                self.assertEqual(len(different), 18, what)
            for look in looks:
                colour = [int(c) for c in re.findall(r"\d+", look["colour"])]
                self.assertGreater(contrast(colour, panel), 3)

    def test_the_seventeenth_arm_is_not_the_first(self):
        self.browser.open(self.many)
        visible = """[...document.querySelectorAll('main .a0')].filter(
            e => e.getBoundingClientRect().height > 0).length"""
        before = self.evaluate(visible)
        self.evaluate("document.querySelector('#show16').click()")
        self.assertEqual(self.evaluate(visible), before)
        self.assertEqual(self.evaluate(visible.replace("a0", "a16")), 0)

    def test_a_call_stands_out_and_has_one_colour(self):
        for scheme in ("light", "dark"):
            self.use_scheme(scheme)
            panel = self.evaluate(PANEL)
            for style in range(8):
                fill = self.evaluate(f"""(() => {{
                    const e = document.querySelector('rect.call');
                    e.setAttribute('class', 'call c{style}');
                    return getComputedStyle(e).fill; }})()""")
                colour = [int(c) for c in re.findall(r"\d+", fill)]
                with self.subTest(scheme=scheme, style=style):
                    self.assertGreater(contrast(colour, panel), 3)

    def test_a_link_leads_to_a_heading_that_can_be_seen(self):
        for page in (self.page, self.many):
            for width in (1280, 800, 600, 390):
                self.browser.open(page)
                self.use_screen(width)
                for landing in self.evaluate(LANDINGS):
                    with self.subTest(page=page, width=width, at=landing):
                        self.assertGreaterEqual(landing["gap"], 0)
                        if not landing["last"]:
                            self.assertLess(landing["top"], 200)

    def test_a_key_where_the_boxes_are_out_of_sight(self):
        keys = self.evaluate(KEYS)
        self.assertEqual(list(keys), ["cost", "share", "latency", "load", "trials"])
        self.assertEqual(list(keys.values()), [[]] * 5)
        self.use_screen(390, mobile=True)
        for section, names in self.evaluate(KEYS).items():
            self.assertEqual(len(names), 6, section)
            self.assertIn("epoll-lt#2", names)
        self.use_screen(1280)
        self.browser.call("Emulation.setEmulatedMedia", media="print")
        try:
            for section, names in self.evaluate(KEYS).items():
                self.assertEqual(len(names), 6, section)
        finally:
            self.browser.call("Emulation.setEmulatedMedia", media="")

    def test_the_map_of_winners_is_not_cut_off(self):
        # 6 columns of 1280 pixels are as wide as 4 of these.
        self.use_screen(720)
        self.assertEqual(self.evaluate("""
            (() => {
              const table = document.querySelector('.winners');
              return Math.max(0, table.offsetWidth -
                                 table.parentElement.clientWidth);
            })()"""), 0)
        close = self.evaluate("""
            [...document.querySelectorAll('.winner.close')].map(
                e => getComputedStyle(e).backgroundColor)""")
        self.assertNotEqual(close, [])
        self.assertNotIn("rgba(0, 0, 0, 0)", close)

    def test_the_heading_does_not_break_a_name(self):
        for width in range(360, 1300, 37):
            self.use_screen(width)
            lines = self.evaluate("""
                [...document.querySelectorAll('h1 .name')].map(
                    e => e.getClientRects().length)""")
            self.assertEqual(lines, [1] * 5, width)

    def test_a_red_box_if_the_control_is_unsound(self):
        alarms = "[...document.querySelectorAll('.alarm')].map(e => e.innerText)"
        self.assertEqual(self.evaluate(alarms), [])
        self.browser.open(self.unsound)
        (alarm,) = self.evaluate(alarms)
        self.assertIn("DO NOT QUOTE", alarm)

    def test_light_and_dark_can_be_read(self):
        grounds = []
        for scheme in ("light", "dark"):
            self.use_scheme(scheme)
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
        self.assertEqual(len(document["trials"]), 7 * 6 * 12 - 12)
        self.assertLessEqual(os.path.getsize(self.page), 1 << 20)


if __name__ == "__main__":
    SAMPLE_PAGE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
