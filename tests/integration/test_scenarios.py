# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs every scenario through the sweeps, and compares the cluster with what the scenario expects."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.fixtures import reported_switches, unmet
from harness.playbook import Ansible, Run
from harness.plays import connection, local_play
from harness.sample import sample
from harness.sweeps import sweep
from simulator import Request, Simulator

SCENARIOS = sorted(Path(__file__).with_name("scenarios").glob("*.yml"))
# What `make test` runs: each module's life once.
SAMPLE = {
    *("cluster", "database_create", "database_info", "db_token_create", "db_token_renew", "influxctl_profile"),
    *("db_token_file", "mgmt_token", "table"),
}
# The module cluster sends its first requests at once, so it must find the form of the URL as surely as the others do.
FORMS = [(path, form) for path in SCENARIOS if path.stem.startswith("cluster") for form in ("short", "long")]
CASES = [*((path, None) for path in SCENARIOS), *FORMS]
KEYS = {"about", "server", "presumes", "seed", "tasks", "asks_by_writing", "requests", "expect"}


@pytest.mark.parametrize(
    "case",
    sample(CASES, lambda _number, case: case[0].stem in SAMPLE and case[1] in (None, "long")),
    ids=lambda case: "-".join([case[0].stem, *filter(None, case[1:])]),
)
def test_scenario(
    case: tuple[Path, str | None], ansible: Ansible, make_simulator: Callable[..., Simulator], tmp_path: Path
) -> None:
    path, form = case
    text = re.sub(r"\{now([+-]\d+)d\}", instant, path.read_text().replace("{workdir}", str(tmp_path)))
    scenario = yaml.safe_load(text)
    assert set(scenario) <= KEYS
    server = scenario.get("server", {})
    if reason := unmet(scenario.get("presumes", {})):
        pytest.skip(reason)
    if form is None and not {"product", "url_forms"} & set(server):
        form = reported_switches().url_forms
    sim = make_simulator(**{**server, **({"url_forms": form} if form else {})})
    seed(sim, scenario.get("seed", {}))
    plays = local_play(scenario["tasks"], connection(sim))

    def play(*flags: str) -> Run:
        sim.requests.clear()
        return ansible.playbook(plays, *flags)

    sweep(
        play,
        sim,
        files=lambda: written(tmp_path),
        canaries=re.findall(r"\S*canary\S*", text),
        asks_by_writing=scenario.get("asks_by_writing", False),
    )
    for kind, number in scenario.get("requests", {}).items():
        # What is asked in the other form of the URL, too, as long as the server's isn't known, depends on the form.
        right = [one for one in sim.requests if form is None or one.kind != "api" or is_long(one) == (form == "long")]
        assert Counter(request.kind for request in right)[kind] == number
    expect(sim, scenario.get("expect", {}))


def is_long(request: Request) -> bool:
    """Whether a request to the API has the form of the URL that names account and cluster."""
    return "/accounts/" in request.path


def instant(days: re.Match[str]) -> str:
    """The instant that lies some days from now, for YAML and for Ansible."""
    return f"{datetime.now(UTC) + timedelta(days=int(days[1])):%Y-%m-%dT00:00:00Z}"


def seed(sim: Simulator, objects: dict[str, list[dict[str, Any]]]) -> None:
    """Put objects into the cluster."""
    for kind, items in objects.items():
        for item in items:
            parent = {"database": sim.state.database(item["database"])} if kind == "tables" else {}
            times = {k: datetime.fromisoformat(str(v)) for k, v in item.items() if k.endswith("_at")}
            getattr(sim, f"add_{kind.removesuffix('s')}")(**item | times | parent)


def expect(sim: Simulator, wanted: dict[str, list[dict[str, Any]]]) -> None:
    """Compare what is alive with what the scenario expects, in the attributes that it names."""
    for kind, items in wanted.items():
        alive = [o for o in getattr(sim.state, kind) if getattr(o, "deleted_at", None) is None and is_valid(sim, o)]
        if kind == "mgmt_tokens":
            alive = [token for token in alive if token.secret != sim.admin_token]
        found = [{key: getattr(one, key) for key in item} for one, item in zip(alive, items, strict=True)]
        assert found == items


def is_valid(sim: Simulator, one: Any) -> bool:
    """Whether a token is neither revoked nor expired; other objects always are."""
    expires_at = getattr(one, "expires_at", None)
    return getattr(one, "revoked_at", None) is None and (expires_at is None or expires_at > sim.clock.now())


def written(directory: Path) -> dict[str, tuple[int, bytes]]:
    """The files below `out`, with their modes: where scenarios write."""
    root = directory / "out"
    return {str(p.relative_to(root)): (p.stat().st_mode, p.read_bytes()) for p in root.rglob("*") if p.is_file()}
