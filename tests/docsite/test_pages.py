# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens every page of the built documentation in a headless browser; `make docs` builds it and runs this."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import pytest

from harness.install import CHECKOUT
from tools.links import pictures

SITE = CHECKOUT / "build" / "docs"
IMAGES = CHECKOUT / "docs" / "images"
PICTURES = pictures((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))
pytestmark = pytest.mark.complete
# The texts and pictures that stand beyond the right edge, and in no box that scrolls: nobody sees them.
CUT = """() => {
  const walker = document.createTreeWalker(document.querySelector(".rst-content"), NodeFilter.SHOW_TEXT);
  const ranges = [...document.querySelectorAll(".rst-content img")].map(image => [image, image]);
  while (walker.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    ranges.push([range, walker.currentNode.parentElement]);
  }
  const cut = ranges.filter(([range, parent]) => {
    if (range.getBoundingClientRect().right <= innerWidth + 1 || !parent.checkVisibility()) return false;
    for (let box = parent; box; box = box.parentElement)
      if (["auto", "scroll"].includes(getComputedStyle(box).overflowX)) return false;
    return true;
  });
  return cut.map(([range, parent]) => parent.tagName + ": " + parent.textContent.slice(0, 40));
}"""


def opened(browser: Any, width: int = 1280) -> Any:
    """An empty page. Pages must read well without a network; their pictures are those of the checkout."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.route("http*://**", lambda route: route.fulfill(status=200, body=""))
    page.route(f"{PICTURES}**", lambda route: route.fulfill(path=IMAGES / route.request.url.removeprefix(PICTURES)))
    return page


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_cut(browser: Any, width: int) -> None:
    """On a phone and on a desk, all of a page can be read without moving it from left to right."""
    page = opened(browser, width)
    cut = {}
    for path in sorted(SITE.rglob("*.html")):
        page.goto(path.as_uri())
        cut[path.name] = page.evaluate(CUT)
    assert {name: found for name, found in cut.items() if found} == {}


@pytest.mark.parametrize("width", [390, 1280])
def test_no_table_has_to_be_moved_to_be_read(browser: Any, width: int) -> None:
    page = opened(browser, width)
    wide: dict[str, int] = {}
    for path in sorted(SITE.rglob("*.html")):
        page.goto(path.as_uri())
        wide[path.name] = page.eval_on_selector_all(
            ".wy-table-responsive", "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length"
        )
    assert {name: count for name, count in wide.items() if count} == {}


@pytest.mark.parametrize("width", [390, 1280])
def test_pictures_are_shown(browser: Any, width: int) -> None:
    """Each as wide as it is, or as the phone is."""
    page = opened(browser, width)
    sizes: dict[str, list[float]] = {}
    for path in sorted(SITE.rglob("guide_*.html")):
        page.goto(path.as_uri(), wait_until="networkidle")
        sizes |= dict(
            page.eval_on_selector_all(
                ".rst-content img[alt]", "all => all.map(one => [one.src, [one.naturalWidth, one.clientWidth]])"
            )
        )
    assert len(sizes) >= 4
    assert {src for src, (natural, shown) in sizes.items() if natural < 300 or shown < 300} == set()


def test_the_sidebar_has_captions_and_short_names(browser: Any) -> None:
    page = opened(browser)
    page.goto((SITE / "index.html").as_uri())
    captions = page.eval_on_selector_all(".wy-menu p.caption", "all => all.map(one => one.textContent.trim())")
    entries = page.eval_on_selector_all(".wy-menu .toctree-l1 > a", "all => all.map(one => one.textContent.trim())")
    assert {"First steps", "Playbooks", "Modules", "Roles"} <= set(captions)
    assert {"cluster", "mgmt_token", "rotate_db_tokens"} <= set(entries)
    assert [entry for entry in entries if len(entry) > 48] == []


def test_no_page_is_broken(browser: Any) -> None:
    problems: list[str] = []
    anchors: dict[str, set[str]] = {}
    links: list[tuple[str, str]] = []
    page = opened(browser)
    page.on("console", lambda message: problems.append(f"console: {message.text}") if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("requestfailed", lambda request: problems.append(f"not loaded: {request.url}"))
    pages = sorted(SITE.rglob("*.html"))
    for path in pages:
        page.goto(path.as_uri())
        assert page.title(), path
        anchors[path.as_uri()] = set(page.eval_on_selector_all("[id]", "all => all.map(one => one.id)"))
        found = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
        links += [(path.name, href) for href in found if href.startswith("file:")]
    for name, href in links:
        target, anchor = urldefrag(href)
        if target.endswith(".html") and target not in anchors:
            problems.append(f"{name}: no page {href}")
        elif not Path(unquote(target.removeprefix("file://"))).exists():
            problems.append(f"{name}: no file {href}")
        elif anchor and unquote(anchor) not in anchors.get(target, {unquote(anchor)}):
            problems.append(f"{name}: no anchor {href}")
    print(f"{len(pages)} pages, {len(links)} links inside")
    assert problems == []
    assert len(pages) > 15
