"""Reports the relative links of documents that lead to no file or heading.

Usage: check_links.py FILE..., from the root of the project
"""

import os
import re
import sys

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def read_prose(path):
    with open(path, encoding="utf-8") as file:
        return FENCE.sub("", file.read())


def anchors(path):
    """The anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", read_prose(path), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def is_dead(document, link):
    path, _, anchor = link.partition("#")
    target = os.path.join(os.path.dirname(document), path) if path else document
    if not os.path.exists(target):
        return True
    return bool(anchor) and anchor not in anchors(target)


def main(documents):
    dead = [
        f"{document}: dead link: {link}"
        for document in documents
        for link in LINK.findall(read_prose(document))
        if "://" not in link and is_dead(document, link)
    ]
    print("\n".join(dead), end="\n" if dead else "")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
