# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves and checks the links of the pages that Galaxy shows: absolute, to this repository at one tag or branch.

Galaxy shows README.md, docs/*.md and the roles' READMEs apart from the repository, so a relative link leads nowhere
there. `galaxy.yml` names the tag or branch of all such links, in the URL of the documentation; a release moves them
(tools/release.py). `python -m tools.links RESULT` takes the result of galaxy-importer, which is what Galaxy shows, and
says which links and pictures of it are broken.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = "influxops/influxops.influxdb3"
_OWN = re.compile(
    rf"(https://(?:github\.com/{re.escape(REPOSITORY)}/(?:blob|tree)|raw\.githubusercontent\.com/{re.escape(REPOSITORY)}))"
    r"/([\w.-]+)/([^)#\s\"<>]*)"
)


def moved(text: str, ref: str) -> str:
    """Return the text with all links to files of this repository at another tag or branch."""
    return _OWN.sub(rf"\g<1>/{ref}/\g<3>", text)


def ref_of(galaxy: str) -> str:
    """Return the tag or branch that the documentation's URL names in galaxy.yml, given as text. Raises ValueError."""
    found = _OWN.search(str(yaml.safe_load(galaxy)["documentation"]))
    if not found:
        raise ValueError("`documentation` in galaxy.yml is no link to a file of this repository")
    return found[2]


def pictures(galaxy: str) -> str:
    """Return how the URLs of this repository's pictures begin, at the tag or branch of `ref_of`. Raises ValueError."""
    return f"https://raw.githubusercontent.com/{REPOSITORY}/{ref_of(galaxy)}/docs/images/"


class _Page(HTMLParser):
    """Collects the links, pictures and anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors.add(values.get("id") or "")
        for name in ("href", "src"):
            if name in values:
                self.targets.append(values[name] or "")


def problems(html: str, ref: str, exists: Callable[[str], bool]) -> list[str]:
    """Return a sentence for each broken link and picture of a page.

    `exists` tells whether the repository has a file or directory of a path.
    """
    page = _Page()
    page.feed(html)
    found = []
    for target in page.targets:
        own = _OWN.match(target)
        if target.startswith("#"):
            if target[1:] not in page.anchors:
                found.append(f"{target}: the page has no such anchor")
        elif not re.match(r"(https://|mailto:)", target):
            found.append(f"{target}: relative")
        elif own and own[2] != ref:
            found.append(f"{target}: not at {ref}")
        elif own and not exists(own[3]):
            found.append(f"{target}: no such file")
    return found


def pages(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name and the HTML of each page that galaxy-importer has made."""
    blob = result["docs_blob"]
    for page in (blob["collection_readme"], *blob["documentation_files"]):
        yield page["name"], page["html"]
    for content in blob["contents"]:
        if content["readme_html"]:
            yield f"{content['content_type']} {content['content_name']}", content["readme_html"]


def main(words: list[str]) -> str | None:
    """Return the broken links in galaxy-importer's result as lines, None where there are none."""
    root = Path(__file__).resolve().parent.parent
    ref = ref_of((root / "galaxy.yml").read_text(encoding="utf-8"))
    shown = dict(pages(json.loads(Path(words[0]).read_text(encoding="utf-8"))))
    found = [
        f"{name}: {problem}"
        for name, html in shown.items()
        for problem in problems(html, ref, lambda path: (root / path).exists())
    ]
    print(f"{len(shown)} pages, {len(found)} broken links and pictures")
    return "\n".join(found) or None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
