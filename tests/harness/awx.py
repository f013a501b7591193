# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a playbook as AWX does: renders a credential, slices the inventory, and has ansible-runner run the job.

Seen in AWX's sources (awx/main/tasks/jobs.py, models/credential.py, models/inventory.py, models/notifications.py,
fields.py; release 24).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jinja2 import ChainableUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from harness.install import CHECKOUT
from harness.leaks import files_below, forms

DEFINITIONS = CHECKOUT / "docs" / "awx"


class _Loader(yaml.SafeLoader):
    """Reads Ansible's YAML: a text marked unsafe is no template for Ansible."""


def _text(_loader: _Loader, node: yaml.Node) -> str:
    return str(node.value)


_Loader.add_constructor("!unsafe", _text)


def load(path: Path) -> Any:
    """Return the content of a YAML file for Ansible."""
    return yaml.load(path.read_text(encoding="utf-8"), _Loader)


def definitions() -> dict[str, list[dict[str, Any]]]:
    """Return the variables for the collection infra.aap_configuration, by their names."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((DEFINITIONS / "controller").glob("*.yml")):
        found |= load(path)
    return found


@dataclass
class Injected:
    """A credential's part of a job: environment variables, arguments of ansible-playbook, and private files."""

    environment: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


def inject(kind: Mapping[str, Any], inputs: Mapping[str, str], directory: Path) -> Injected:
    """Render the injectors of a credential type as AWX does when a job starts; files go into the directory.

    Fields that are empty are undefined, which renders as nothing.
    """
    injectors, jinja = kind["injectors"], ImmutableSandboxedEnvironment()
    context: dict[str, Any] = {"tower": {}} | {name: value for name, value in inputs.items() if value}
    injected = Injected()
    for name, template in injectors.get("file", {}).items():
        path = _private(directory / f"tmp{name}", jinja.from_string(template).render(context))
        injected.files.append(path)
        label = name.partition(".")[2]
        context["tower"] = context["tower"] | ({"filename": {label: str(path)}} if label else {"filename": str(path)})
    for name, template in injectors.get("env", {}).items():
        injected.environment[name] = jinja.from_string(template).render(context)
    if injectors.get("extra_vars"):
        variables = {name: jinja.from_string(text).render(context) for name, text in injectors["extra_vars"].items()}
        path = _private(directory / "tmpvariables", yaml.safe_dump(variables))
        injected.files.append(path)
        injected.arguments += ["-e", f"@{path}"]
    return injected


def notification(artifacts: Mapping[str, Any], undefined: type[Undefined] = ChainableUndefined) -> tuple[str, str]:
    """Render what is sent when a job with these artifacts fails, as AWX does; return the subject and the body."""
    (template,) = definitions()["controller_notifications"]
    environment = ImmutableSandboxedEnvironment(undefined=undefined)
    context = {"job": {"artifacts": artifacts, "status": "failed"}, "url": "https://awx.example.com/#/jobs/playbook/42"}
    subject, body = (
        environment.from_string(template["messages"]["error"][part]).render(context) for part in ("message", "body")
    )
    return subject, body


def sliced(inventory: Mapping[str, Any], number: int, count: int) -> dict[str, Any]:
    """Return slice `number` of `count` (from 1) as the inventory script that AWX writes: every count-th host by name.

    A group without a host of the slice stays, without a host; the variables of all hosts are those of the project.
    """
    names = sorted({name for group in inventory.values() for name in group["hosts"]})
    mine = names[number - 1 :: count]
    variables = load(DEFINITIONS / "project" / "inventory" / "group_vars" / "all.yml")
    everyone = {"hosts": [], "children": list(inventory), "vars": variables}
    script: dict[str, Any] = {"all": everyone, "_meta": {"hostvars": {}}}
    for group, content in inventory.items():
        members = {name: content["hosts"][name] for name in mine if name in content["hosts"]}
        script["_meta"]["hostvars"] |= members
        if members:
            script[group] = {"hosts": list(members)}
    return script


@dataclass
class Job:
    """One job of AWX: a private data directory as AWX lays it out, and a machine for itself with a HOME and a /tmp.

    `variables` are the template's with the survey's answers; AWX adds variables about the job.
    """

    directory: Path
    number: int
    playbook: str
    inventory: Mapping[str, Any]
    variables: Mapping[str, Any]
    kind: Mapping[str, Any]
    inputs: Mapping[str, str]
    environment: Mapping[str, str]
    workflow: int | None = None

    def __post_init__(self) -> None:
        for name in ("home", "tmp", "runner/env", "runner/inventory", "runner/cp"):
            (self.directory / name).mkdir(0o700, parents=True)
        shutil.copytree(DEFINITIONS / "project", self.private / "project")
        self.injected = inject(self.kind, self.inputs, self.private / "env")
        script = f"#!{sys.executable}\nprint({json.dumps(json.dumps(self.inventory))})\n"
        _private(self.private / "inventory" / "hosts", script).chmod(0o700)
        of_job = {"awx_job_id": self.number, "awx_job_template_name": self.playbook, "awx_user_name": "admin"}
        if self.workflow:
            of_job |= {"awx_workflow_job_id": self.workflow}
        of_job |= {name.replace("awx_", "tower_"): value for name, value in of_job.items()}
        self._write("extravars", {**self.variables, **of_job})
        settings = {"fact_cache_type": "jsonfile", "fact_cache": "fact_cache", "suppress_ansible_output": True}
        self._write("settings", settings)
        self._write("envvars", {"JOB_ID": str(self.number), "AWX_PRIVATE_DATA_DIR": str(self.private)})
        _private(self.private / "env" / "cmdline", " ".join(["-vvv", *self.injected.arguments]))
        # Facts of an earlier job, which AWX lays out before and takes over afterwards.
        (self.artifacts / "fact_cache").mkdir(0o700, parents=True)
        for host in self.inventory["_meta"]["hostvars"]:
            _private(self.artifacts / "fact_cache" / host, json.dumps({"ansible_system": "Linux"}))

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        _private(self.private / "env" / name, json.dumps(content))

    @property
    def private(self) -> Path:
        """The private data directory."""
        return self.directory / "runner"

    @property
    def artifacts(self) -> Path:
        """The directory that ansible-runner leaves."""
        return self.private / "artifacts" / str(self.number)

    def start(self) -> Job:
        """Begin, as a process of its own."""
        self._before = set(files_below(self.directory))
        program = Path(sys.executable).with_name("ansible-runner")
        words = ["run", str(self.private), "--ident", str(self.number), "--playbook", self.playbook]
        # AWX gives a credential's variables to ansible-runner's process, and has them written nowhere.
        environment = {**self.environment, **self.injected.environment}
        environment |= {"HOME": str(self.directory / "home"), "TMPDIR": str(self.directory / "tmp")}
        # Otherwise the home of /etc/passwd, for what runs on localhost.
        environment["ANSIBLE_REMOTE_TMP"] = str(self.directory / "tmp")
        self._process = subprocess.Popen(
            [str(program), *words, "--inventory", str(self.private / "inventory" / "hosts")],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self

    def finish(self) -> Job:
        """Wait for the end."""
        self.output, _nothing = self._process.communicate()
        self.code = self._process.returncode
        return self

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The events that AWX would keep, in their order."""
        found = [json.loads(path.read_text()) for path in (self.artifacts / "job_events").glob("*.json")]
        return sorted(found, key=lambda event: int(event["counter"]))

    @property
    def stdout(self) -> str:
        """The output that a user of AWX sees."""
        return "\n".join([self.output, *(event["stdout"] for event in self.events)])

    @property
    def changed(self) -> dict[str, int]:
        """How many tasks changed something, by hosts."""
        (stats,) = [event["event_data"] for event in self.events if event["event"] == "playbook_on_stats"]
        return dict(stats["changed"])

    @property
    def artifact_data(self) -> dict[str, Any]:
        """What AWX gives to later jobs of a workflow as variables."""
        (stats,) = [event["event_data"] for event in self.events if event["event"] == "playbook_on_stats"]
        return dict(stats["artifact_data"])

    def message(self, task: str) -> Any:
        """The message of the last result of a task."""
        done = [event["event_data"] for event in self.events if event["event"].startswith("runner_on_")]
        return [e["res"]["msg"] for e in done if e["task"] == task and "msg" in e.get("res", {})][-1]

    def left(self) -> dict[str, str]:
        """The texts of all files that the job has written on its machine, by their paths."""
        return {path: text for path, text in files_below(self.directory).items() if path not in self._before}


def holding(places: Mapping[str, str], secrets: Iterable[str]) -> set[str]:
    """Return the places that hold a secret in any notation."""
    wanted = {form for secret in secrets for form in forms(secret)}
    return {place for place, text in places.items() if any(form in text for form in wanted)}


def base_environment(collections: Path, programs: Path) -> dict[str, str]:
    """Return the environment variables of an execution environment with the collection and influxctl."""
    path = [str(programs), str(Path(sys.executable).parent), os.environ["PATH"]]
    return {"ANSIBLE_COLLECTIONS_PATH": str(collections), "LANG": "C.UTF-8", "PATH": os.pathsep.join(path)}


def _private(path: Path, text: str) -> Path:
    path.touch(0o600)
    path.write_text(text, encoding="utf-8")
    return path
