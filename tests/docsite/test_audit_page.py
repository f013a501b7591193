# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens the page of an audit in a headless browser, as wide as a phone and as a desk: read, sorted, printed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.filter.fleet_audit import fleet_audit
from ansible_collections.influxops.influxdb3.plugins.filter.fleet_audit_files import fleet_audit_files

pytestmark = pytest.mark.complete
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EXPLOITS = (
    "<script>document.title = 'owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "<img src=http://elsewhere.example.com/x.png>",
    "</td></tr></table><iframe src=http://elsewhere.example.com></iframe>",
    "</style><style>body{display:none}</style>",
    "' onmouseover='document.title=\"owned\"",
    "\u202eright to left",
    "\x1b[2J\x00",
    "x" * 300,
    "日本語のとても長い説明" * 20,
)
COLUMN = "all => all.map(row => row.children[{}].textContent)"
HOST = 4


def instant(days: float) -> str:
    return (NOW + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A page with 60 hosts, each colour, and descriptions that want to be more than text."""
    tokens = [
        {
            "id": f"019a2b3c-4d5e-7f60-8a9b-0c1d2e3f{number:04d}",
            "description": EXPLOITS[number % len(EXPLOITS)] if number % 3 == 0 else f"influxctl web{number}",
            "token_prefix": f"M.V1.{number:04d}",
            "created_at": instant(-30),
            "expires_at": None if number % 7 == 0 else instant(number - 5),
        }
        for number in range(60)
    ]
    holdings: dict[str, Any] = {
        f"web{number}.with-a-long-name.example.com": {
            "profiles": [{"name": "default", "mgmt_token_prefix": f"M.V1.{number:04d}"}],
            "file": {"path": "/home/automation/.config/influxctl/config.toml", "mode": "0644"},
        }
        for number in range(58)
    }
    holdings |= {"away": {"msg": EXPLOITS[0]}, "<b>bold</b>": {"profiles": []}}
    report = fleet_audit(holdings, tokens, instant(0), db_tokens=[{"id": "d", "description": EXPLOITS[1]}])
    (file,) = fleet_audit_files("tokens.html", report)
    path = tmp_path / "tokens.html"
    path.write_text(file["content"], encoding="utf-8")
    return path


class Opened:
    """A page in a browser, and what went wrong on it."""

    def __init__(self, browser: Any, path: Path, width: int, **more: Any) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 844}, **more)
        self.problems: list[str] = []
        self.page.on("console", lambda message: self.problems.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("dialog", lambda dialog: self.problems.append(f"dialog: {dialog.message}"))
        self.page.on("request", self._asked)
        self.page.goto(path.as_uri())

    def _asked(self, request: Any) -> None:
        if not request.url.endswith("/tokens.html"):
            self.problems.append(f"asked for {request.url}")

    def column(self, number: int) -> list[str]:
        return [str(text) for text in self.page.eval_on_selector_all("tbody tr", COLUMN.format(number))]


@pytest.mark.parametrize("width", [390, 1280])
def test_all_of_it_can_be_read_and_nothing_runs_or_is_loaded(browser: Any, written: Path, width: int) -> None:
    opened = Opened(browser, written, width)
    page = opened.page
    assert page.title() == "InfluxDB 3 tokens, 2026-11-24T12:00:00Z"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.eval_on_selector_all(
        "td, th, p, li",
        "(all, width) => all.filter(one => one.scrollWidth > one.clientWidth + 1"
        " || one.getBoundingClientRect().right > width).map(one => one.textContent)",
        width,
    )
    assert cut == []
    assert len(opened.column(0)) == 63
    shown = page.inner_text("body")
    for exploit in EXPLOITS[:6]:
        assert exploit in shown
    assert "\\u202eright to left" in shown
    assert page.query_selector_all("img, iframe, b, td script, td style") == []
    colours = page.eval_on_selector_all(
        "tbody tr", "all => all.map(row => row.className + ' ' + getComputedStyle(row).backgroundColor)"
    )
    assert len(set(colours)) == len({colour.split()[0] for colour in colours}) == 5
    assert len({colour.split(maxsplit=1)[1] for colour in colours}) == 5
    page.hover("tbody tr")
    assert opened.problems == []


@pytest.mark.parametrize("width", [390, 1280])
def test_each_column_can_be_sorted_by_touch_or_key(browser: Any, written: Path, width: int) -> None:
    opened = Opened(browser, written, width)
    page = opened.page
    days = [int(text) for text in opened.column(1) if text]
    assert days == sorted(days), "what ends first is at the top"
    page.click("th button >> text=Host")
    hosts = opened.column(HOST)
    natural = [int(host[3:].partition(".")[0]) for host in hosts if host.startswith("web")]
    assert natural == list(range(58))
    assert hosts[-3:] == ["", "", ""], "what isn't there comes last"
    assert page.get_attribute(f"th:nth-child({HOST + 1})", "aria-sort") == "ascending"
    page.focus("th button >> text=Host")
    page.keyboard.press("Enter")
    hosts = opened.column(HOST)
    natural = [int(host[3:].partition(".")[0]) for host in hosts if host.startswith("web")]
    assert natural == [*reversed(range(58))]
    assert hosts[-3:] == ["", "", ""]
    assert len(page.query_selector_all("th[aria-sort]")) == 1
    page.click("th button >> text=Days left")
    assert [int(text) for text in opened.column(1) if text] == days
    assert opened.problems == []


def test_it_can_be_printed_and_read_without_its_script(browser: Any, written: Path) -> None:
    opened = Opened(browser, written, 1280, java_script_enabled=False)
    assert opened.page.inner_text("tbody").count("management") == 62
    opened.page.emulate_media(media="print")
    assert opened.page.pdf(format="A4", landscape=True).startswith(b"%PDF")
    assert opened.problems == []


def test_it_is_legible_in_the_dark(browser: Any, written: Path) -> None:
    """The rows keep their light colours, so their text has to stay dark."""
    opened = Opened(browser, written, 390, color_scheme="dark")
    page = opened.page
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 24)"
    colours = page.eval_on_selector_all("tbody tr", "all => all.map(row => getComputedStyle(row).color)")
    assert set(colours) == {"rgb(31, 35, 40)"}
