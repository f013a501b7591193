# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The definitions for AWX in docs/awx are of the form that AWX and infra.aap_configuration want, and fit together."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import ChainableUndefined, StrictUndefined

from ansible_collections.influxops.influxdb3.plugins.filter.fleet_audit import fleet_audit
from harness.awx import DEFINITIONS, definitions, inject, load, notification
from harness.install import CHECKOUT
from harness.pages import blocks

GUIDE = CHECKOUT / "docs" / "docsite" / "rst" / "guide_awx.rst"
PROJECT = DEFINITIONS / "project"
DEFINED = definitions()
TEMPLATES = {one["name"]: one for one in DEFINED["controller_templates"]}
FILE, ENVIRONMENT = DEFINED["controller_credential_types"]
# What the roles of infra.aap_configuration (3.0) take, as far as it is of use here.
KEYS = {
    "controller_credential_types": "name description kind inputs injectors",
    "controller_credentials": "name description organization credential_type inputs",
    "controller_notifications": "name description organization notification_type notification_configuration messages",
    "controller_execution_environments": "name description organization image credential pull",
    "controller_projects": "name description organization scm_type scm_url scm_branch credential scm_update_on_launch "
    "default_environment wait",
    "controller_inventories": "name description organization variables",
    "controller_inventory_sources": "name description organization inventory source source_project source_path "
    "overwrite overwrite_vars update_on_launch",
    "controller_templates": "name description organization project inventory playbook execution_environment "
    "credentials extra_vars diff_mode use_fact_cache verbosity job_slice_count ask_job_type_on_launch "
    "ask_limit_on_launch ask_variables_on_launch survey_enabled survey_spec notification_templates_error "
    "notification_templates_success notification_templates_started",
    "controller_workflows": "name description organization simplified_workflow_nodes",
    "controller_schedules": "name description organization unified_job_template rrule enabled",
}
# Canaries with what a template, TOML or a shell could stumble over.
SECRET = "M.V1.canary+/\"'\\ {{ x }} </end>"


def names(variable: str) -> set[str]:
    """The names of the objects of one kind."""
    return {one["name"] for one in DEFINED[variable]}


def test_the_file_is_an_influxctl_profile(tmp_path: Path) -> None:
    typed = {"product": "clustered", "host": "cluster.example.com", "port": "443", "management_token": SECRET}
    injected = inject(FILE, typed, tmp_path)
    config, variables = injected.files
    profile = {"name": "default", **typed, "mgmt_token": SECRET}
    del profile["management_token"]
    assert tomllib.loads(config.read_text()) == {"profile": [profile]}
    assert yaml.safe_load(variables.read_text()) == {"influxdb3_config_path": str(config)}
    assert (injected.environment, injected.arguments) == ({}, ["-e", f"@{variables}"])
    assert {path.stat().st_mode & 0o777 for path in injected.files} == {0o600}

    more = {"account_id": "a", "cluster_id": "c", "ca_path": "/etc/pki/ca.pem"}
    dedicated = inject(FILE, {**typed, **more, "product": "dedicated"}, tmp_path)
    (profile,) = tomllib.loads(dedicated.files[0].read_text())["profile"]
    assert (profile["account_id"], profile["cluster_id"]) == ("a", "c")
    assert profile["tls"] == {"ca": "/etc/pki/ca.pem"}


def test_the_environment_is_what_the_modules_read(tmp_path: Path) -> None:
    injected = inject(ENVIRONMENT, {"host": "h", "management_token": SECRET, "account_id": ""}, tmp_path)
    documented = (CHECKOUT / "plugins" / "doc_fragments" / "management_api.py").read_text()
    assert set(injected.environment) == set(re.findall(r"E\((INFLUXDB3_\w+)\)", documented))
    assert injected.environment["INFLUXDB3_MANAGEMENT_TOKEN"] == SECRET
    assert injected.environment["INFLUXDB3_ACCOUNT_ID"] == ""
    assert injected.files == []


def test_the_definitions_fit_together() -> None:
    assert set(DEFINED) == set(KEYS)
    for variable, found in DEFINED.items():
        assert {key for one in found for key in one} <= set(KEYS[variable].split()), variable
    kinds = {one["name"]: one for one in DEFINED["controller_credential_types"]}
    for credential in DEFINED["controller_credentials"]:
        kind = kinds.get(credential["credential_type"])
        # Machine is one of AWX's own.
        assert kind or credential["credential_type"] == "Machine"
        if kind:
            assert set(kind["inputs"]["required"]) <= set(credential["inputs"])
            assert set(credential["inputs"]) <= {one["id"] for one in kind["inputs"]["fields"]}
    for source in DEFINED["controller_inventory_sources"]:
        assert (PROJECT / source["source_path"]).is_file()
        assert source["inventory"] in names("controller_inventories")
    for template in TEMPLATES.values():
        assert template["project"] in names("controller_projects")
        assert template["inventory"] in names("controller_inventories")
        assert template["execution_environment"] in names("controller_execution_environments")
        assert set(template["credentials"]) <= names("controller_credentials")
        assert set(template.get("notification_templates_error", [])) <= names("controller_notifications")
    for workflow in DEFINED["controller_workflows"]:
        nodes = {node["identifier"]: node for node in workflow["simplified_workflow_nodes"]}
        assert {node["unified_job_template"] for node in nodes.values()} <= set(TEMPLATES)
        assert {name for node in nodes.values() for name in node.get("always_nodes", [])} <= set(nodes)
    runnable = set(TEMPLATES) | names("controller_workflows")
    assert {one["unified_job_template"] for one in DEFINED["controller_schedules"]} <= runnable


def test_secrets_are_references_to_a_vault() -> None:
    secret = {"management_token", "ssh_key_data"}
    found = [v for one in DEFINED["controller_credentials"] for k, v in one["inputs"].items() if k in secret]
    assert len(found) == 2
    for value in found:
        assert re.fullmatch(r"\{\{ vault_\w+ \}\}", value)


def test_tasks_of_the_user_lie_in_the_project() -> None:
    """The playbook is in the collection and the inventory elsewhere, so the path begins where ansible.cfg is."""
    stated = load(PROJECT / "inventory" / "group_vars" / "all.yml")["db_token_changed_tasks"]
    inside = stated.removeprefix("{{ ansible_config_file | dirname }}/")
    assert inside != stated
    assert (PROJECT / inside).is_file()
    assert (PROJECT / "ansible.cfg").is_file()


def test_awx_finds_the_playbooks() -> None:
    """It offers the files of a project with such a line; what they import is in the collection."""
    lines = r"^\s*-?\s*(?:hosts|(?:ansible\.builtin\.)?import_playbook):"
    offered = {path.name for path in PROJECT.glob("*.yml") if re.search(lines, path.read_text(), re.M)}
    assert {template["playbook"] for template in TEMPLATES.values()} == offered
    for name in offered:
        (imported,) = load(PROJECT / name)
        assert imported["ansible.builtin.import_playbook"] == f"influxops.influxdb3.{name.removesuffix('.yml')}"
        assert (CHECKOUT / "playbooks" / name).is_file()


def test_all_variables_are_those_of_the_roles_and_playbooks() -> None:
    playbooks = "".join(path.read_text() for path in (CHECKOUT / "playbooks").glob("*.yml"))
    known = {"influxdb3_config_path", *re.findall(r"\{\{ ((?:preflight|probe)_\w+)", playbooks)}
    for role in ("cluster", "db_token", "mgmt_token"):
        specs = yaml.safe_load((CHECKOUT / "roles" / role / "meta" / "argument_specs.yml").read_text())
        known |= {name for spec in specs["argument_specs"].values() for name in spec["options"]}
    used = set(load(PROJECT / "inventory" / "group_vars" / "all.yml"))
    for template in TEMPLATES.values():
        used |= set(template.get("extra_vars", {}))
        used |= {question["variable"] for question in template.get("survey_spec", {}).get("spec", [])}
    assert used <= known
    variables = (PROJECT / "inventory" / "group_vars" / "all.yml").read_text()
    assert set(re.findall(r"influxdb3_\w+_path", variables)) == set(FILE["injectors"]["extra_vars"])


def test_only_what_bears_it_runs_in_slices() -> None:
    """A slice of the others would take the whole cluster, or the other slices' tokens, for its own business."""
    in_slices = [name for name, one in TEMPLATES.items() if one.get("job_slice_count", 1) > 1]
    assert in_slices == ["InfluxDB 3 rotate", "InfluxDB 3 rotate_db_tokens"]


@pytest.mark.parametrize("schedule", DEFINED["controller_schedules"], ids=lambda one: one["name"])
def test_awx_accepts_the_schedules(schedule: dict[str, Any]) -> None:
    found = re.fullmatch(r"DTSTART;TZID=[\w/]+:(\d{8}T\d{6}) RRULE:(\S+)", schedule["rrule"])
    assert found
    assert datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).year >= 2026
    parts = dict(part.split("=") for part in found[2].split(";"))
    assert parts.keys() >= {"FREQ", "INTERVAL"}
    assert parts.keys() <= {"FREQ", "INTERVAL", "BYDAY"}
    assert parts["FREQ"] in ("DAILY", "WEEKLY")


def test_the_notification_says_what_the_audit_has_found() -> None:
    holdings: dict[str, Any] = {
        "web1": {"profiles": [{"name": "default", "mgmt_token_prefix": "M1"}]},
        "web2": {"profiles": [{"name": "default", "mgmt_token_prefix": "M2"}]},
        "web3": {"msg": "away"},
        "web4": {"msg": "away"},
    }
    tokens = [
        {"id": f"t-{number}", "token_prefix": f"M{number}", "description": f"{{{{ x{number} }}}}", "expires_at": ends}
        for number, ends in enumerate(("2026-11-27T12:00:00Z", "2027-01-01T00:00:00Z", None))
    ]
    tokens[1]["revoked_at"] = "2026-11-20T12:00:00Z"
    artifacts = fleet_audit(holdings, tokens, "2026-11-24T12:00:00Z")["stats"]
    subject, body = notification(artifacts)
    assert subject == "InfluxDB 3 audit: tokens are not in order"
    assert body.splitlines() == [
        "revoked: web1",
        "unknown: web3, web4",
        "In order: 1",
        "Tokens that nobody was seen to hold: 1",
        "The first token ends at 2026-11-27T12:00:00Z",
        "The table is in the job's output: https://awx.example.com/#/jobs/playbook/42",
    ]


def test_the_notification_of_a_job_without_a_report_says_so() -> None:
    """AWX also checks a message so, on a job without artifacts, where it takes nothing that is undefined."""
    for undefined in (StrictUndefined, ChainableUndefined):
        subject, body = notification({}, undefined)
        assert subject == "InfluxDB 3 audit: it came to no report"
        assert body.splitlines() == [
            "The audit failed before its report, so that nothing is known about the tokens.",
            "The table is in the job's output: https://awx.example.com/#/jobs/playbook/42",
        ]
    # What AWX refuses.
    assert "\n" not in DEFINED["controller_notifications"][0]["messages"]["error"]["message"]


def test_only_a_job_s_own_notification_knows_its_artifacts() -> None:
    """On a workflow or on slices it would tell their states only."""
    notified = [name for name, one in TEMPLATES.items() if "notification_templates_error" in one]
    assert notified == ["InfluxDB 3 audit"]
    assert all(TEMPLATES[name].get("job_slice_count", 1) == 1 for name in notified)
    assert not any("notification_templates_error" in one for one in DEFINED["controller_workflows"])


def test_awx_accepts_the_surveys() -> None:
    """A default of the wrong type is refused, and one that isn't valid is ignored where a schedule starts the job."""
    for template in TEMPLATES.values():
        for question in template.get("survey_spec", {}).get("spec", []):
            assert {"question_name", "variable", "type", "required", "default"} <= set(question)
            assert isinstance(question["default"], str)
            assert question["type"] in ("text", "multiplechoice"), "of several answers AWX takes no default"
            if question["type"] == "multiplechoice":
                assert question["default"] in question["choices"]
            else:
                assert question["min"] <= len(question["default"]) <= question["max"]


def test_the_guide_quotes_the_files() -> None:
    quoted = [block for block in blocks(GUIDE) if block.caption]
    assert len(quoted) >= 4
    for block in quoted:
        assert block.body in (CHECKOUT / block.caption).read_text(), block.caption


@pytest.mark.complete
def test_ansible_builder_takes_the_execution_environment(tmp_path: Path) -> None:
    shutil.copy(DEFINITIONS / "execution-environment.yml", tmp_path)
    (tmp_path / "influxctl").write_text("the program")
    command = [str(Path(sys.executable).with_name("ansible-builder")), "create", "--output-filename", "Containerfile"]
    process = subprocess.run(
        [*command, "--file", "execution-environment.yml"],
        cwd=tmp_path, env=os.environ, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout
    assert (tmp_path / "context" / "_build" / "bin" / "influxctl").read_text() == "the program"
    assert "influxops.influxdb3" in (tmp_path / "context" / "_build" / "requirements.yml").read_text()
    assert "/usr/local/bin/influxctl" in (tmp_path / "context" / "Containerfile").read_text()
