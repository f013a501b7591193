# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts are inside: each citation in the code leads to a heading of the page, and no other document is cited."""

from __future__ import annotations

import re
import subprocess

from ansible_collections.influxops.influxdb3.plugins.module_utils._probe.questions import BY_ID
from harness import facts
from harness.install import CHECKOUT
from simulator import Switches
from simulator.influxctl import CliSwitches

CITATION = re.compile(r"facts\.md#([\w-]+)")


def sources() -> dict[str, str]:
    """The texts of the code, the roles and the tests, by their paths."""
    places = ("plugins", "roles", "playbooks", "tests", "tools", "noxfile.py", "Makefile", "*.md", "docs")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *places],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    )
    found = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = CHECKOUT / name
        if path.is_file() and path.suffix in (".py", ".yml", ".md", ".rst", ""):
            found[name] = path.read_text(encoding="utf-8", errors="replace")
    return found


def test_each_citation_leads_to_a_fact() -> None:
    anchors = set(facts.chapters())
    cited = {name: set(CITATION.findall(text)) - anchors for name, text in sources().items()}
    assert {name: wrong for name, wrong in cited.items() if wrong} == {}
    assert sum(len(CITATION.findall(text)) for text in sources().values()) > 80


def test_each_switch_names_what_leaves_it_open() -> None:
    named = {info.fact for info in (*Switches.catalogue(), *CliSwitches.catalogue())}
    assert named - {"fault"} <= set(facts.chapters())


def test_nothing_outside_of_the_repository_is_cited() -> None:
    """Sections of documents that readers don't have, as `(facts.md A` + `.7)` was."""
    elsewhere = re.compile(r"\b(?:facts|design)\.md[ ,]+(?:section )?[A-H0-9][.\d)]")
    assert [name for name, text in sources().items() if elsewhere.search(text)] == []


def test_each_fact_has_its_certainty() -> None:
    marks = re.compile(r"\*\*(?:documented|observed|former|inferred|open)\*\*")
    page = facts.PAGE.read_text(encoding="utf-8")
    below = re.split(r"^### (.+)$", page, flags=re.MULTILINE)
    assert [heading for heading, text in zip(below[1::2], below[2::2], strict=True) if not marks.search(text)] == []


def test_each_question_of_a_probe_stands_at_the_fact_that_it_is_about() -> None:
    asked = re.findall(r"^A probe asks: (.+)\.$", facts.PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = [name for line in asked for name in re.findall(r"`(\w+)`", line)]
    assert sorted(named) == sorted(set(BY_ID) - {"tls_days_left"})
