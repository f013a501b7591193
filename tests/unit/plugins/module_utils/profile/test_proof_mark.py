# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mark of a profile that is not proved: it comes and goes, and changes nothing else in the file."""

from __future__ import annotations

import tomllib

from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._profile.proof_mark import (
    is_marked,
    mark,
    marked,
    unmark,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS, TEXTS, TEXTS)
@example("a", 'a"\n', "")
@example("", "b", "\n")
def test_a_mark_is_one_profiles_and_goes_without_a_trace(one: str, other: str, text: str) -> None:
    once = mark(text, one)
    assert is_marked(once, one)
    assert mark(once, one) == once
    assert unmark(once, one) == text
    assert is_marked(once, other) == (one == other)
    both = mark(once, other)
    assert unmark(both, one) == (text if one == other else mark(text, other))
    assert unmark(text, one) == text


@given(TEXTS)
def test_a_mark_is_a_comment(name: str) -> None:
    """Whatever a profile is called, the file stays TOML."""
    assert tomllib.loads(mark('[[profile]]\nname = "x"\n', name)) == {"profile": [{"name": "x"}]}


def test_what_is_asked_for() -> None:
    assert marked("text", "a", None) == "text"
    assert marked("text", "a", "due") == mark("text", "a")
    assert marked(mark("text", "a"), "a", "done") == "text"
    # A file may have other lines' ends, which an editor has given to all of them.
    assert unmark(mark("text", "a").replace("\n", "\r\n"), "a") == "text"
