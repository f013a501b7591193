# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer shows of its server: the clock, the end of the certificate, and the form of URL that it has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._api.endpoints import ManagementApi
from ansible_collections.influxops.influxdb3.plugins.module_utils._api.observation import (
    Observation,
    observe,
    parse_date,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.connection import resolve
from harness.plays import connection
from simulator import Simulator, Switches


def look(sim: Simulator, **options: Any) -> tuple[list[Observation], str | None]:
    """List the databases, and return what each answer showed, and the form."""
    seen: list[Observation] = []
    api = ManagementApi(resolve({**connection(sim), **options}), print, on_answer=lambda a: seen.append(observe(a)))
    assert api.url_form == ("long" if sim.product == "dedicated" else None)
    api.list_databases()
    return seen, api.url_form


def test_the_servers_clock_and_certificate() -> None:
    with Simulator(certificate="ending") as sim:
        sim.clock.advance(3600)
        (seen,), form = look(sim)
        assert form == "short"
        assert seen.server_time is not None
        assert timedelta(minutes=59) < seen.server_time - seen.at < timedelta(minutes=61)
        assert seen.certificate_ends is not None
        assert (seen.certificate_ends - seen.at).days == 10
        assert look(sim, validate_certs=False, ca_path=None)[0][0].certificate_ends is None, "Python doesn't read it"


@pytest.mark.parametrize(
    ("product", "form", "answers", "found"),
    [("clustered", "long", 2, "long"), ("clustered", "both", 1, "short"), ("dedicated", "both", 1, "long")],
)
def test_the_form_of_url(product: Any, form: str, answers: int, found: str) -> None:
    with Simulator(product, tls=False, switches=Switches(url_forms=form)) as sim:
        seen, answered = look(sim)
        assert (len(seen), answered) == (answers, found)
        assert seen[-1].certificate_ends is None


@given(
    st.one_of(st.none(), st.text(max_size=40), st.sampled_from(["Sun, 99 Nov 2026 10:00:00 GMT", "1 Jan 0 0:0 +9999"]))
)
def test_a_date_that_is_none_is_none(header: str | None) -> None:
    assert parse_date(header) is None or isinstance(parse_date(header), datetime)


def test_a_date_is_in_gmt() -> None:
    assert parse_date("Sun, 29 Nov 2026 10:00:00 GMT") == datetime(2026, 11, 29, 10, tzinfo=UTC)
    assert parse_date("Sun, 29 Nov 2026 10:00:00 -0000") == datetime(2026, 11, 29, 10, tzinfo=UTC)
