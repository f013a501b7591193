# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator learns from the report of a probe; test_probe.py shows that it learns what the cluster does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._probe.questions import BY_ID
from harness.fixtures import reported_switches, unmet, usual_switches
from harness.install import CHECKOUT
from simulator import Switches
from simulator.switches import FROM_PROBE, OPERATIONS, RECENT

REPORTS = sorted((CHECKOUT / "tests" / "probes").glob("*.json"))
# What is no value of a switch by itself.
OTHERWISE = {"timestamp_digits", "activation_seconds", "clock_skew_seconds", *OPERATIONS}
# What the tests have of their own: certificates, and influxctl's version and outputs.
NOT_LEARNED = {"tls_days_left", "influxctl_version", "influxctl_create_json", "influxctl_list_json"}


def report(product: str = "clustered", /, **answers: Any) -> dict[str, Any]:
    return {"schema": 1, "product": product, "answers": answers}


def test_every_answer_is_learned_or_not_on_purpose() -> None:
    assert set(FROM_PROBE) | OTHERWISE | NOT_LEARNED == set(BY_ID)


def test_a_report_without_answers_is_the_likeliest_server() -> None:
    assert Switches.from_probe(report(url_form=None, rename_table=None)) == Switches()


def test_answers_become_switches() -> None:
    learned = Switches.from_probe(
        report(
            url_form="long", duplicate_status=400, short_retention="refused", buckets_over_1000="refused",
            encoded_slash="fails", error_body="other", timestamp_digits=9, activation_seconds=12.4,
            clock_skew_seconds=-7, revoked_patch=410, rename_table=False, permissions_echo="sorted",
        )
    )  # fmt: skip
    assert learned == Switches(
        url_forms="long", duplicate_create=400, short_retention="rejected", max_buckets=1_000, encoded_slash="decoded",
        error_bodies="html", timestamps="micros", activation_delay=12, clock_skew=-7, revoked_token_patch=410,
        missing_operations="rename_table", permissions_echo="normalized",
    )  # fmt: skip


def test_a_server_without_the_newer_operations_is_an_old_one() -> None:
    answers = dict.fromkeys(RECENT, False)
    assert Switches.from_probe(report(**answers)) == Switches(old_server=True)
    assert Switches.from_probe(report(**answers, create_table=False)) == Switches(
        old_server=True, missing_operations="create_table"
    )


def test_the_form_of_url_of_cloud_dedicated_is_no_switch() -> None:
    assert Switches.from_probe(report("dedicated", url_form="long")) == Switches()


@pytest.mark.parametrize(
    "wrong", [{"schema": 2, "answers": {}}, {}, report(encoded_slash="perhaps"), report(url_form="neither")]
)
def test_what_is_no_report_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"schema|encoded_slash|url_forms"):
        Switches.from_probe(wrong)


def test_the_reports_that_were_sent_can_be_read() -> None:
    assert all(Switches.from_probe(json.loads(path.read_text(encoding="utf-8"))) for path in REPORTS)


def test_tests_run_as_on_the_cluster_of_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROBE", raising=False)
    assert usual_switches() == reported_switches() == Switches()
    assert unmet({"old_server": False}) == ""
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report(url_form="short", default_max_columns=200, **dict.fromkeys(RECENT, False))))
    monkeypatch.setenv("PROBE", str(path))
    assert reported_switches() == Switches(url_forms="short", default_max_columns=200, old_server=True)
    assert usual_switches() == Switches(default_max_columns=200, old_server=True)
    assert "old_server is True" in unmet({"old_server": False, "default_max_columns": 200})
