# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of the fleet's protocol, between Ansible's variables and the pure functions of plugin_utils/_fleet.

What a step needs of the others is in the variables that the role's tasks register; role variables aren't in hostvars,
so the look publishes what the others need of a host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import printable
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet import hosts, steps
from ansible_collections.influxops.influxdb3.plugins.plugin_utils.role_variables import ROLES, complaints, doubts
from ansible_collections.influxops.influxdb3.plugins.plugin_utils.shipping import ShippingAction

ROLE = "mgmt_token"
_SPANS = ("expires_in", "renew_before", "max_age")
_PROFILE = "influxops.influxdb3.influxctl_profile"
_PROFILE_INFO = "influxops.influxdb3.influxctl_profile_info"
_MGMT_TOKEN = "influxops.influxdb3.mgmt_token"
_GROUP = "group/influxops.influxdb3.all"


def _specification(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"])


# Read when the plugin is loaded: the strategy does that in the main process, so the workers for all hosts inherit it.
SPECIFICATION = _specification(ROLES / ROLE / "meta" / "argument_specs.yml")


class ActionModule(ShippingAction):
    """One step, named by the option `step`."""

    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do the step and return what the next ones need."""
        self._vars: dict[str, Any] = task_vars or {}
        self._host = str(self._vars["inventory_hostname"])
        step = getattr(self, f"_{self._task.args.get('step')}", None)
        if step is None:
            raise AnsibleError("fleet_step: step is not one of those that the documentation lists.")
        result: dict[str, Any] = {"changed": False, **step()}
        self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _look(self) -> dict[str, Any]:
        settings = self._settings()
        refusal = hosts.why_refused(settings, self._strategy(), self._problems(settings))
        if not refusal and boolean(self._templated("mgmt_token_outside")):
            refusal = str(self._templated("mgmt_token_why_outside"))
        if refusal:
            return {"failed": True, "msg": refusal}
        result = self._ship(_PROFILE, self._profile_options(lambda: hosts.look_options(settings)), self._vars)
        self._show_warnings(result)
        if result.get("failed"):
            return result
        found = hosts.published(self._host, settings, result, issuers=self._vars["groups"]["all"])
        return {"look": found, "_ansible_no_log": True}

    def _plan(self) -> dict[str, Any]:
        batch = [self._vars_of(host)["mgmt_token_look"]["look"] for host in self._vars["ansible_play_batch"]]
        progress = self._vars_of("localhost").get("mgmt_token_progress")
        planned = steps.plan_batch(batch, progress or {}, self._vars.get("mgmt_token_loaded"))
        return {**planned, "leader": self._host, "_ansible_no_log": True}

    def _ask(self) -> dict[str, Any]:
        """Make tokens or revoke some, on the issuer to which the task is delegated. A failure is part of the result."""
        request = self._task.args["request"]
        if not request["is_in_inventory"]:
            # What the inventory has for all hosts is not meant for a controller that it doesn't have.
            self._connection.set_become_plugin(None)
        wanted = {name: request[name] for name in ("ids", "tokens") if request.get(name)}
        how = (
            {"state": "absent"}
            if "ids" in wanted
            else {"on_lost_secret": "reissue", "return_secret": request["is_shared"]}
        )
        options: dict[str, Any] = {}
        for defaults in self._task.module_defaults or ():
            for name in (_GROUP, _MGMT_TOKEN):
                options |= self._templar.template(defaults.get(name) or {})
        options |= {**request["options"], "influxctl_path": request["influxctl_path"], **how, **wanted}
        try:
            result = self._execute_module(_MGMT_TOKEN, options, task_vars=self._vars)
        except AnsibleConnectionFailure as error:
            # In a loop, Ansible would take the host that asks for the one that is away.
            result = {"is_away": True, "msg": str(error)}
        except AnsibleError as error:
            result = {"msg": str(error)}
        self._show_warnings(result)
        # Each host says what became of its own.
        return {**result, "failed": False, "_ansible_no_log": True}

    def _decide(self) -> dict[str, Any]:
        planned = self._vars["mgmt_token_planned"]
        loaded = self._vars_of(planned["leader"]).get("mgmt_token_loaded")
        decided = steps.decide(planned, self._vars["mgmt_token_step"], loaded, is_check=self._task.check_mode)
        return {**decided, "_ansible_no_log": True}

    def _apply(self) -> dict[str, Any]:
        settings, decided = self._settings(), self._vars["mgmt_token_step"]
        member = self._vars["mgmt_token_planned"]["members"][self._host]
        answer, is_check = decided["answers"][self._host], self._task.check_mode
        secret = decided["secrets"].get(member["description"])
        options = self._profile_options(
            lambda: hosts.apply_options(settings, answer, member["held"], secret, is_check=is_check)
        )
        result = self._ship(_PROFILE, options, self._vars)
        is_lost = "profile" not in result
        seen = self._ship(_PROFILE_INFO, {"path": member["path"]}, self._vars) if is_lost else None
        done = hosts.applied(result, seen, answer, options["name"], is_check=is_check)
        shown: dict[str, Any] = {key: result[key] for key in ("diff", "warnings", "msg") if key in result}
        return {**shown, "changed": done.changed, "token_id": answer["id"], "applied": asdict(done)}

    def _try_again(self) -> dict[str, Any]:
        planned, decided = self._vars["mgmt_token_planned"], self._vars["mgmt_token_step"]
        return {**steps.try_again(planned, decided, self._applied(decided)), "_ansible_no_log": True}

    def _decide_again(self) -> dict[str, Any]:
        trial, tried = self._vars["mgmt_token_trial"], self._vars["mgmt_token_tried"]
        return {**steps.decide_again(trial, self._vars["mgmt_token_step"], tried), "_ansible_no_log": True}

    def _settle(self) -> dict[str, Any]:
        planned, decided = self._vars["mgmt_token_planned"], self._vars["mgmt_token_step"]
        sharers = self._templated("mgmt_token_concerned") if planned["shared"] else []
        is_partial = bool(planned["shared"]) and boolean(self._templated("mgmt_token_partial"))
        applied = self._applied(decided)
        settled = steps.settle(planned, decided, applied, sharers=sharers, is_partial=is_partial)
        for sentence in settled["stay"]:
            self._display.warning(sentence)
        return {**settled, "applied": applied, "_ansible_no_log": True}

    def _finish(self) -> dict[str, Any]:
        planned, settled = self._vars["mgmt_token_planned"], self._vars["mgmt_token_step"]
        revoked = self._vars.get("mgmt_token_revoked") or {}
        return steps.finish(planned, settled, settled["applied"], revoked, is_check=self._task.check_mode)

    def _applied(self, decided: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return what came of the step at each host that came to its end with the token that is decided for it."""
        found: dict[str, dict[str, Any]] = {}
        for host in decided["due"]:
            variables = self._vars_of(host)
            for name in ("mgmt_token_applied", "mgmt_token_applied_again"):
                result = variables.get(name) or {}
                if "applied" in result and result["token_id"] == decided["answers"][host]["id"]:
                    found[host] = result["applied"]
        return found

    def _vars_of(self, host: str) -> dict[str, Any]:
        """Return a host's variables as they are: nothing that a step has registered is a template."""
        return dict(self._vars["hostvars"].raw_get(host))

    def _templated(self, name: str) -> Any:
        return self._templar.template(self._vars[name])

    def _show_warnings(self, result: dict[str, Any]) -> None:
        """Show at once what Ansible would hide with the result, because that holds secrets.

        Not as a warning of this task: that Ansible would hide as well, and since 2.19 it adds to the very list.
        """
        for warning in result.pop("warnings", ()):
            event = getattr(warning, "event", None)  # a text before 2.19
            self._show_warning(str(getattr(event, "msg", warning)))

    def _show_warning(self, text: str) -> None:
        self._display.display(f"[WARNING]: {printable(text)}", color="bright purple", stderr=True)

    def _strategy(self) -> str:
        return str(self._task.get_play().strategy)

    def _settings(self) -> dict[str, Any]:
        """Return the role's variables as its specification types them. Raises AnsibleError."""
        stated = {name: self._templated(name) for name in SPECIFICATION if name in self._vars}
        checked = ArgumentSpecValidator(SPECIFICATION).validate(stated)
        if checked.error_messages:
            raise AnsibleError("Validation of arguments failed:\n" + "\n".join(checked.error_messages))
        return {name.removeprefix(f"{ROLE}_"): value for name, value in checked.validated_parameters.items()}

    def _problems(self, settings: Mapping[str, Any]) -> list[str]:
        spans = {f"{ROLE}_{name}": settings.get(name) for name in _SPANS}
        # Shown at once and for all hosts: a warning would be lost with a module that can't be run.
        for doubt in doubts(ROLE, spans) if self._host == self._vars["ansible_play_batch"][0] else ():
            self._show_warning(doubt)
        return complaints([name for name in self._vars if name.startswith(f"{ROLE}_")], ROLE, spans)

    def _profile_options(self, options: Any) -> dict[str, Any]:
        try:
            return dict(options())
        except ValueError as error:
            raise AnsibleError(str(error)) from error
