# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The printed report of a probe: surprises first, what is to be done last, and nothing in it that steers a terminal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.stated import CLUSTERED
from ansible_collections.influxops.influxdb3.plugins.module_utils._probe.questions import BY_ID
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.probe import _ADVICE, _ANY, FORM, probe_lines
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.tables import WIDTH, width_of, wrapped


def report(surprises: list[str] | None = None, **answers: Any) -> dict[str, Any]:
    evidence = {
        name: f"What {name} rests on." if value is not None else "No writes." for name, value in answers.items()
    }
    return {"answers": answers, "evidence": evidence, "surprises": surprises or [], "leftovers": []}


def test_surprises_stand_first_and_what_to_do_last() -> None:
    lines = probe_lines(report(["encoded_slash"], url_form="both", encoded_slash="fails", revoked_get=None, short=None))
    assert lines == [
        "1 of 4 answers are not as documented or assumed.",
        "question       answer  documented or assumed",
        "encoded_slash  fails   works",
        "encoded_slash: What encoded_slash rests on.",
        "",
        "As documented or assumed:",
        "question  answer  documented or assumed",
        "url_form  both    both",
        "",
        "Without an answer:",
        "revoked_get, short: No writes.",
        "",
        "To do:",
        "- Use no slash in names of databases, or have the ingress hand %2F on undecoded.",
        *lines[-2:],
    ]
    assert lines[-1].endswith(FORM)


def test_without_a_surprise_there_is_nothing_to_do() -> None:
    assert "There is no option that has to be set because of it." in probe_lines(report(url_form="both"))


def test_what_is_left_is_named_with_its_remedy() -> None:
    lines = probe_lines({**report(), "leftovers": [{"kind": "database", "name": "influxops-probe-x"}]})
    assert "Not removed, as far as could be seen: database influxops-probe-x" in lines
    assert "- Run the probe again with probe_writes=true: it removes what is left." in lines


@pytest.mark.parametrize(("name", "value", "text"), _ADVICE)
def test_advice_is_given_for_the_answer_that_it_is_about(name: str, value: Any, text: str) -> None:
    """Such an answer must be possible, and be none that is expected."""

    def advises(answer: Any) -> bool:
        lines = probe_lines(report([name], **{name: answer}))
        return " ".join(wrapped(f"- {text}")) in " ".join(lines)

    if value is _ANY:
        assert advises("anything")
        return
    question = BY_ID[name]
    assert question.kind.allows(value)
    assert not question.is_expected(value, CLUSTERED)
    assert advises(value)
    assert not advises(f"not {value}")


@given(
    st.dictionaries(st.sampled_from([*BY_ID, "other"]), st.none() | st.booleans() | st.integers() | st.text()),
    st.lists(st.sampled_from([*BY_ID, "other"])),
    st.text(),
)
def test_whatever_a_report_holds_the_lines_fit(answers: dict[str, Any], surprises: list[str], text: str) -> None:
    made = {"answers": answers, "evidence": dict.fromkeys(answers, text), "surprises": surprises}
    for line in probe_lines({**made, "leftovers": [{"kind": text, "name": text}]}):
        assert width_of(line) <= WIDTH
        assert line.isprintable()
