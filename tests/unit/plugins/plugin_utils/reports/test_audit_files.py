# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of an audit, read back by a parser of each form, whatever anybody has called a host or a token."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from ansible_collections.influxops.influxdb3.plugins.filter.fleet_audit_files import fleet_audit_files
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.printing import printable
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.audit import (
    CSV_COLUMNS,
    Databases,
    audit,
    table_rows,
)
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.audit_page import HEADINGS, LEGEND
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.metrics import LABELS, METRIC
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.report_files import (
    file_complaints,
    stated_paths,
)
from harness.install import CHECKOUT
from harness.pages import blocks

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EXPLOIT = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{ 1 + 1 }}"
HOSTILE = (
    *(EXPLOIT, "</style><style>*{display:none}", "<!--", "]]>", "&lt;b&gt;", "javascript:alert(1)", "-->"),
    *("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "a;=1", '"', "'", ",", '",=1', "\t=1"),
    *("\n", "\r\n", "a\nb", "\x00", "\x1b[2J", "\u202e", "\u2028", "\x85", "\ud800", "\\", "\\n", '\\"', "\\\\\n"),
    *("}", "{", '"} 1', '"} 1\n# TYPE x counter\nx 1', "# HELP", "", " ", "\N{SNOWMAN}", "x" * 500),
)
Dict = dict[str, Any]


def instant(days: float) -> str:
    return (NOW + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def token(number: int, description: str, ends: float | None = None, **more: Any) -> Dict:
    return {
        "id": f"id-{number}",
        "description": description,
        "token_prefix": f"M{number}",
        "created_at": instant(-20),
        "expires_at": None if ends is None else instant(ends),
        "revoked_at": None,
        **more,
    }


def holding(*numbers: int, **more: Any) -> Dict:
    profiles = [{"name": f"p{number}", "mgmt_token_prefix": f"M{number}"} for number in numbers]
    return {"profiles": profiles, "file": {"path": "/c", "mode": "0600"}, **more}


def content(report: Dict, ending: str) -> str:
    """What a file of this ending gets."""
    (file,) = fleet_audit_files([f"tokens{ending}"], report)
    assert file["path"] == f"tokens{ending}"
    assert file["mode"] == ("0644" if ending == ".prom" else "0600")
    return file["content"]


class Page(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and the cells of its table."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[dict[str, str]] = []
        self.text = ""
        self._label: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag == "tr" and "class" in found:
            self.rows.append({"tone": str(found["class"])})
        if tag == "td":
            self._label = str(found["data-label"])
            self.rows[-1][self._label] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._label = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._label:
            self.rows[-1][self._label] += data


def samples(text: str) -> list[Sample]:
    """The samples of the one metric, by Prometheus's own parser."""
    (family,) = text_string_to_metric_families(text)
    assert (family.name, family.type) == (METRIC, "gauge")
    return list(family.samples)


# --- what each form says -------------------------------------------------------------------------


def everything() -> Dict:
    """A report with a row of each state, and with what nobody holds."""
    tokens = [
        token(1, "ok", 60.5),
        token(2, "expiring", 6.5),
        token(3, "expired", -1.5),
        token(4, "revoked", 60, revoked_at=instant(-1)),
        token(5, "never"),
        token(6, "month", 20),
    ]
    holdings = {
        "web1": holding(1, 2, 3, 4, 5, 6),
        "web2": {"msg": "away"},
        "web3": holding(),
        "web4": holding(9),
    }
    file = {"path": "/etc/t.json", "mode": "0644", "id": "db-1", "env_state": None, "env_mode": None}
    holdings["web3"]["held_file"] = {"db_token_file": file, "file_identity": "x"}
    db_tokens = [token(1, "telegraf", 3, id="db-1"), token(2, "left behind", 2, id="db-2")]
    return audit(holdings, tokens, NOW, "14d", Databases(db_tokens))


def test_the_page_has_a_row_for_each_of_them_sorted_by_when_it_ends() -> None:
    page = Page(content(everything(), ".html"))
    assert [(row["Description"], row["Days left"], row["tone"]) for row in page.rows] == [
        ("expired", "-2", "ended"),
        ("left behind", "2", "week"),
        ("telegraf", "3", "week"),
        ("expiring", "6", "week"),
        ("month", "20", "month"),
        ("revoked", "60", "ended"),
        ("ok", "60", "later"),
        ("never", "", "never"),
        ("", "", "never"),
        ("", "", "never"),
        ("", "", "never"),
    ]
    assert {tuple(row) for row in page.rows} == {("tone", *HEADINGS)}
    assert {row["tone"] for row in page.rows} == {tone for tone, _text in LEGEND}
    telegraf = page.rows[2]
    assert (telegraf["Host"], telegraf["Kind"], telegraf["Held in"]) == ("web3", "database", "/etc/t.json")
    assert telegraf["Remarks"] == "others than the owner can read the file"
    assert page.rows[1]["Remarks"] == "no host was seen to hold it"
    assert page.rows[0]["Ends (UTC)"] == "2026-11-23 00:00"
    assert "Asked without an answer: web2." in page.text
    assert "As of 2026-11-24T12:00:00Z." in page.text


def test_the_page_says_what_may_run_and_loads_nothing() -> None:
    text = content(everything(), ".html")
    page = Page(text)
    names = {name for name, _attributes in page.elements}
    assert names & {"link", "img", "iframe", "base", "object", "form", "a"} == set()
    assert [attributes for name, attributes in page.elements if name == "script"] == [{}]
    (policy,) = [one["content"] for name, one in page.elements if name == "meta" and "http-equiv" in one]
    assert policy is not None
    assert re.fullmatch(
        r"default-src 'none'; base-uri 'none'; form-action 'none';"
        r" style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='",
        policy,
    )
    assert not re.search(r"https?:|url\(|@import|src=", text)


def test_the_json_is_the_report_without_what_is_for_a_terminal() -> None:
    report = everything()
    read = json.loads(content(report, ".json"))
    assert read == {key: value for key, value in report.items() if key not in ("table", "csv", "stats")}
    assert {row["kind"] for row in read["rows"]} == {"management", "database"}
    assert {"kind", "host", "state", "held_in", "token_id", "expires_at"} <= set(read["rows"][0])


def test_prometheus_gets_when_each_of_them_ends() -> None:
    found = {
        (one.labels["kind"], one.labels["host"], one.labels["description"], one.labels["state"]): one.value
        for one in samples(content(everything(), ".prom"))
    }
    days = {
        ("management", "web1", "ok", "ok"): 60.5,
        ("management", "web1", "expiring", "expiring"): 6.5,
        ("management", "web1", "expired", "expired"): -1.5,
        ("management", "web1", "revoked", "revoked"): 60,
        ("management", "web1", "month", "ok"): 20,
        ("database", "web3", "telegraf", "expiring"): 3,
        ("database", "", "left behind", "expiring"): 2,
    }
    expected = {labels: (NOW + timedelta(days=number)).timestamp() for labels, number in days.items()}
    expected["management", "web1", "never", "ok"] = math.inf
    unknown = {
        ("management", "web2", "", "unknown"),
        ("management", "web3", "", "none"),
        ("management", "web4", "", "unknown"),
    }
    assert {labels for labels, value in found.items() if math.isnan(value)} == unknown
    assert {labels: value for labels, value in found.items() if labels not in unknown} == expected


def test_of_several_tokens_of_one_series_the_first_to_end_counts() -> None:
    """Prometheus refuses a whole file with a series twice."""
    tokens = [token(1, "same", 30), token(2, "same", 20), token(3, "same")]
    text = content(audit({"web1": holding(1, 2, 3)}, tokens, NOW, "14d"), ".prom")
    assert [sample.value for sample in samples(text)] == [(NOW + timedelta(days=20)).timestamp()]
    assert text.endswith(f" {int((NOW + timedelta(days=20)).timestamp())}\n")


def test_the_guide_s_alerts_ask_for_what_is_written() -> None:
    """Tried once by hand: promtool of Prometheus 2.42 finds no fault with them, and has them fire as the guide says."""
    guide = CHECKOUT / "docs" / "docsite" / "rst" / "guide_audit.rst"
    (block,) = (block for block in blocks(guide) if block.caption.endswith(".rules.yml"))
    (group,) = yaml.safe_load(block.body)["groups"]
    of_metric = [rule for rule in group["rules"] if METRIC in rule["expr"]]
    assert [rule["alert"] for rule in of_metric] == ["InfluxDB3TokenEnds", "InfluxDB3TokenIsOfNoUse"]
    found = samples(content(everything(), ".prom"))
    for rule, expected in zip(of_metric, ({"ok", "expiring"}, {"expired", "revoked", "unknown", "none"}), strict=True):
        (name, operator, pattern) = re.search(r'\{(\w+)(=~|!~)"([^"]+)"\}', rule["expr"]).groups()  # type: ignore[union-attr]
        states = {
            one.labels[name] for one in found if bool(re.fullmatch(pattern, one.labels[name])) is (operator == "=~")
        }
        assert states == expected
        for text in rule["annotations"].values():
            assert set(re.findall(r"\$labels\.(\w+)", text)) <= set(LABELS)


def test_an_audit_of_nothing_is_a_file_of_each_form() -> None:
    nothing = audit({}, [], NOW, "14d")
    assert Page(content(nothing, ".html")).rows == []
    assert next(iter(text_string_to_metric_families(content(nothing, ".prom")))).samples == []
    assert json.loads(content(nothing, ".json"))["rows"] == []


# --- whatever comes ------------------------------------------------------------------------------

texts = st.sampled_from(HOSTILE) | st.text(max_size=20)
names = texts.filter(bool)
reports = st.builds(
    lambda holdings, descriptions, notes, db: audit(
        {
            **{host: holding(*numbers) for host, numbers in holdings.items()},
            **{host: {"msg": note} for host, note in notes.items()},
        },
        [token(number, text, ends) for number, (text, ends) in enumerate(descriptions)],
        NOW,
        "14d",
        Databases([token(number, text, ends, id=f"db-{number}") for number, (text, ends) in enumerate(db)]),
    ),
    st.dictionaries(names, st.lists(st.integers(0, 4), max_size=2, unique=True), max_size=3),
    st.lists(st.tuples(texts, st.none() | st.integers(-20, 40)), max_size=4),
    st.dictionaries(names, texts, max_size=2),
    st.lists(st.tuples(texts, st.none() | st.integers(-20, 40)), max_size=3),
)


@given(reports)
def test_a_page_holds_every_text_as_text(report: Dict) -> None:
    text = content(report, ".html")
    page, plain = Page(text), Page(content(audit({}, [], NOW, "14d"), ".html"))
    added = {(name, *sorted(attributes)) for name, attributes in page.elements}
    own = {(name, *sorted(attributes)) for name, attributes in plain.elements}
    assert added - own <= {("tr", "class"), ("td", "data-key", "data-label"), ("p", "class")}
    rows = table_rows(report)
    assert len(page.rows) == len(rows)
    for column, key in (("Description", "description"), ("Host", "host"), ("Token ID", "token_id")):
        assert sorted(row[column] for row in page.rows) == sorted(printable(row.get(key) or "") for row in rows)
    # No line that isn't the page's own, and nothing that steers a terminal or turns the direction of writing.
    assert all(line.isprintable() for line in text.split("\n"))
    text.encode()


@given(reports)
def test_prometheus_reads_every_text_as_it_can_be_shown(report: Dict) -> None:
    text = content(report, ".prom")
    rows = [*report["rows"], *report["orphans"], *report["others"]]
    labels = {
        tuple(printable(row.get(name) or "") for name in ("kind", "host", "description", "state")) for row in rows
    }
    found = next(iter(text_string_to_metric_families(text))).samples
    assert {
        (one.labels["kind"], one.labels["host"], one.labels["description"], one.labels["state"]) for one in found
    } == labels
    assert len(found) == len(labels), "a series twice"
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text.split("\n")) == len(labels) + 3
    text.encode()


@given(reports)
def test_a_spreadsheet_and_a_program_read_every_text(report: Dict) -> None:
    text = content(report, ".csv")
    assert text == report["csv"]
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    for cells, row in zip(read, table_rows(report), strict=True):
        assert tuple(cells) == CSV_COLUMNS
        assert cells["kind"] == (row.get("kind") or "")
        shown = printable(row.get("description") or "")
        assert cells["description"].replace("'", "") == shown.replace("'", "")
        for cell in cells.values():
            assert not any(part.lstrip(' "').startswith(("=", "+", "-", "@")) for part in cell.split(";"))
    assert json.loads(content(report, ".json"))["rows"] == report["rows"]


# --- which form ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        (None, []),
        ("", []),
        ([], []),
        ("a.csv", ["a.csv"]),
        ("a.csv, b/c.HTML", ["a.csv", "b/c.HTML"]),
        (["a,b.csv", "c.prom"], ["a,b.csv", "c.prom"]),
    ],
)
def test_one_path_or_several(value: Any, paths: list[str]) -> None:
    assert stated_paths(value) == paths
    assert file_complaints("audit_file", value) == []


@pytest.mark.parametrize(
    "value", ["report", "report.txt", "report.csv.gz", "a.json,report.xml", ["a.json", "b.js"], "/tmp/a,b.csv"]
)
def test_an_ending_that_says_nothing_is_refused(value: Any) -> None:
    (sentence,) = file_complaints("audit_file", value)
    assert ".json, .csv, .html, .prom" in sentence
    with pytest.raises(AnsibleFilterError, match=r"\.prom"):
        fleet_audit_files(value, audit({}, [], NOW, "14d"))
