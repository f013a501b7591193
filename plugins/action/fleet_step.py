# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the steps of the fleet's protocol, between Ansible's variables and the pure functions of plugin_utils/_fleet.

A step finds the results of the others in the variables that the role's tasks register, whose names begin with the
role's. Role variables aren't in hostvars, so the look publishes those of a host that other steps need.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.loader import filter_loader, lookup_loader, test_loader

from ansible_collections.influxops.influxdb3.plugins.module_utils._core import printing
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._action.shipping import ShippingAction
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet import files, hosts, profiles, steps
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet.kind import Kind, is_held
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet.settling import Applied, doubt_of
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._variables.checking import (
    ROLES,
    complaints,
    doubts,
    names_of,
)

KINDS = {kind.role: kind for kind in (profiles.KIND, files.KIND)}
_SPANS = ("expires_in", "renew_before", "max_age")
_GROUP = "group/influxops.influxdb3.all"


def _specification(path: Path) -> dict[str, Any]:
    options: dict[str, Any] = yaml_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    # Paths are of other machines: the validator would take the controller's home for theirs.
    return {name: {**one, "type": "str"} if one.get("type") == "path" else one for name, one in options.items()}


# Read when the plugin is loaded: the strategy does that in the main process, so the workers for all hosts inherit it.
SPECIFICATIONS = {role: _specification(ROLES / role / "meta" / "argument_specs.yml") for role in KINDS}
for _role in KINDS:
    names_of(_role)
# Likewise: the first template with a filter or a test has a process load all that there are.
filter_loader.get("ansible.builtin.default")
test_loader.get("ansible.builtin.defined")


class ActionModule(ShippingAction):
    """One step, named by the option `step`, of the protocol for the kind of tokens that the option `kind` names."""

    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do the step and return the result for the next ones. Raises AnsibleError."""
        self._vars: dict[str, Any] = task_vars or {}
        self._host = str(self._vars["inventory_hostname"])
        kind = KINDS.get(self._task.args.get("kind", profiles.KIND.role))
        step = getattr(self, f"_{self._task.args.get('step')}", None)
        if step is None or kind is None:
            raise AnsibleError("fleet_step: step or kind is not one of those that the documentation lists.")
        self._kind: Kind = kind
        result: dict[str, Any] = {"changed": False, **step()}
        self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _look(self) -> dict[str, Any]:
        settings = self._settings()
        refusal = hosts.why_refused(self._kind, settings, self._strategy(), self._problems(settings))
        if not refusal and "influxdb3_fleet" in self._vars and boolean(self._templated("outside")):
            refusal = str(self._templated("why_outside"))
        if refusal:
            return {"failed": True, "msg": refusal}
        result = self._at_host(self._kind.module, self._options(lambda: self._kind.look_options(settings)))
        self._show_warnings(result)
        if result.get("failed"):
            return result
        found = hosts.published(
            self._kind,
            self._host,
            settings,
            result,
            issuers=self._vars["groups"]["all"],
            sharing=self._value(self._kind.sharing) if settings["strategy"] == "shared" else None,
        )
        return {"look": found, "use": self._use_of_role(), "_ansible_no_log": True}

    def _audit(self) -> dict[str, Any]:
        """Return the tokens of either kind that the host holds, as far as the request asks for them."""
        request, result = self._task.args["request"], {}
        try:
            result = self._ship(profiles.KIND.info, request["profile"], self._vars)
            if request["file"]:
                result["held_file"] = self._ship(files.KIND.info, request["file"], self._vars, with_library=False)
        except AnsibleConnectionFailure as error:
            result = {**result, "unreachable": True, "msg": str(error)}
        if request["file"]:
            # A host that doesn't answer shall have the file all the same.
            result.setdefault("held_file", {})
        return result

    def _plan(self) -> dict[str, Any]:
        looks = [self._registered("look", host) or {} for host in self._vars["ansible_play_batch"]]
        # A host has none where a condition leaves it out, or where the play goes on with a host that failed or is away.
        # One of an earlier use of the role isn't this one's.
        batch = [one["look"] for one in looks if one.get("use") == self._use_of_role()]
        progress, loaded = self._registered("progress", "localhost") or {}, self._registered("loaded")
        planned = steps.plan_batch(self._kind, batch, progress, loaded, leader=self._host)
        return {**planned, "_ansible_no_log": True}

    def _ask(self) -> dict[str, Any]:
        """Make or revoke tokens on the issuer to which the task is delegated. A failure is a part of the result."""
        request = self._task.args["request"]
        if not request["is_in_inventory"]:
            # The inventory's variables for all hosts, such as become, aren't meant for a controller that isn't in it.
            self._connection.set_become_plugin(None)
        wanted = {name: request[name] for name in ("ids", "tokens") if request.get(name)}
        how = (
            {"state": "absent"}
            if "ids" in wanted
            else {"on_lost_secret": "reissue", "return_secret": request["is_shared"]}
        )
        options: dict[str, Any] = {}
        for defaults in self._task.module_defaults or ():
            for name in (_GROUP, self._kind.issuer):
                options |= self._templar.template(defaults.get(name) or {})
        options |= {**request["options"], **how, **wanted}
        try:
            result = self._execute_module(self._kind.issuer, options, task_vars=self._vars)
        except AnsibleConnectionFailure as error:
            # In a loop, Ansible would mark the asking host as unreachable, and not the issuer.
            result = {"is_away": True, "msg": str(error)}
        except AnsibleError as error:
            result = {"msg": str(error)}
        self._show_warnings(result)
        # Each host reports the failure of its own token later.
        return {**result, "failed": False, "_ansible_no_log": True}

    def _decide(self) -> dict[str, Any]:
        planned = self._registered("planned")
        loaded = self._registered("loaded", planned["leader"])
        is_check = self._task.check_mode
        decided = steps.decide(self._kind, planned, self._registered("step"), loaded, is_check=is_check)
        return {**decided, "_ansible_no_log": True}

    def _apply(self) -> dict[str, Any]:
        settings, decided = self._settings(), self._registered("step")
        member = self._registered("planned")["members"][self._host]
        answer, is_check = decided["answers"][self._host], self._task.check_mode
        secret = decided["secrets"].get(answer["id"])
        options = self._options(lambda: self._kind.apply_options(settings, member, answer, secret, is_check=is_check))
        unproved = self._why_user_tasks_failed("unproved", self._host, answer["id"])
        if unproved:
            done = Applied(
                is_seen=True,
                holds=member["held"],
                beside=tuple(member["beside"]),
                failure=unproved,
                may_be_revoked=True,
            )
            return {"changed": False, "msg": unproved, "token_id": answer["id"], "applied": asdict(done)}
        result = self._at_host(self._kind.module, options)
        is_lost = self._kind.holding(settings, result) is None
        seen = self._at_host(self._kind.info, {"path": member["path"]}) if is_lost else None
        done = hosts.applied(self._kind, settings, result, seen, answer, is_check=is_check)
        if settings.get("prove_tasks") is not None and not done.failure:
            done = replace(done, proved=True)
        shown: dict[str, Any] = {key: result[key] for key in ("diff", "warnings", "msg") if key in result}
        return {**shown, "changed": done.changed, "token_id": answer["id"], "applied": asdict(done)}

    def _offer(self) -> dict[str, Any]:
        """Return the token that the user's tasks are to prove: the new one before it is in place, or the host's own."""
        decided = self._registered("step")
        member = self._registered("planned")["members"][self._host]
        answer = decided["answers"][self._host]
        secret = decided["secrets"].get(answer["id"])
        if is_held(member, answer):
            read = self._execute_module("ansible.builtin.slurp", {"src": member["path"]}, task_vars=self._vars)
            if read.get("failed"):
                return {**read, "_ansible_no_log": True}
            secret = json.loads(base64.b64decode(read["content"]))["token"]
        token = {"token": secret, "description": member["description"]}
        return {
            "offered": {**token, **{key: answer[key] for key in ("id", "created_at", "expires_at")}},
            "_ansible_no_log": True,
        }

    def _use(self) -> dict[str, Any]:
        return steps.use(self._registered("planned"), self._applied(self._registered("step")))

    def _try_again(self) -> dict[str, Any]:
        planned, decided = self._registered("planned"), self._registered("step")
        again = steps.try_again(self._kind, planned, decided, self._applied(decided))
        return {**again, "_ansible_no_log": True}

    def _decide_again(self) -> dict[str, Any]:
        trial, tried = self._registered("trial"), self._registered("tried")
        return {**steps.decide_again(self._kind, trial, self._registered("step"), tried), "_ansible_no_log": True}

    def _settle(self) -> dict[str, Any]:
        planned, decided = self._registered("planned"), self._registered("step")
        sharers, doubt = self._sharers(planned["sharing"])
        applied = self._applied(decided)
        users = (self._registered("to_use") or {}).get("users") or ()
        for host in set(users) & set(applied):
            failure = self._why_unused(host, decided["answers"][host]["id"])
            if failure:
                applied[host] = {**applied[host], "is_used": False, "failure": failure}
        settled = steps.settle(planned, decided, applied, sharers=sharers, doubt=doubt)
        for sentence in settled["stay"]:
            self._display.warning(sentence)
        return {**settled, "applied": applied, "_ansible_no_log": True}

    def _finish(self) -> dict[str, Any]:
        planned, settled = self._registered("planned"), self._registered("step")
        revoked, is_check = self._registered("revoked") or {}, self._task.check_mode
        return steps.finish(self._kind, planned, settled, settled["applied"], revoked, is_check=is_check)

    def _sharers(self, patterns: Sequence[Any]) -> tuple[set[str], str]:
        """Return the hosts that share a token by these patterns, and why there may be more; none for no pattern.

        A host of the play gets the token as well, also one that is not of the group.
        """
        if not patterns:
            return set(), ""
        lookup = lookup_loader.get("ansible.builtin.inventory_hostnames", loader=self._loader, templar=self._templar)
        matching = [lookup.run([pattern], variables=self._vars) for pattern in patterns]
        # An inventory may be empty, with localhost as the only host of the play.
        unmatched = [str(one) for one, names in zip(patterns, matching) if not names and self._vars["groups"]["all"]]
        doubt = doubt_of(self._kind, unmatched, is_partial=boolean(self._templated("partial")))
        return {*self._vars["ansible_play_hosts_all"], *chain.from_iterable(matching)}, doubt

    def _applied(self, decided: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the outcome of `apply` at each host that came to its end with the token decided for the host."""
        found: dict[str, dict[str, Any]] = {}
        for host in decided["due"]:
            # Once for both: Ansible puts the variables of a host together in milliseconds.
            variables = self._vars_of(host)
            for name in ("applied", "applied_again"):
                result = variables.get(f"{self._kind.role}_{name}") or {}
                if "applied" in result and result["token_id"] == decided["answers"][host]["id"]:
                    found[host] = result["applied"]
        return found

    def _why_user_tasks_failed(self, name: str, host: str, token_id: str | None) -> str:
        """Return a sentence about the user's task that has failed with a token in this use; empty where none has."""
        variables, role = self._vars_of(host), self._kind.role
        noted, look = variables.get(f"{role}_{name}") or {}, variables.get(f"{role}_look") or {}
        is_this = noted and (noted["id"], noted["use"]) == (token_id or "", look.get("use"))
        return str(noted["why"]) if is_this else ""

    def _why_unused(self, host: str, token_id: str | None) -> str:
        failure = self._why_user_tasks_failed("unused", host, token_id)
        if not failure and host not in self._vars["ansible_play_hosts"]:
            failure = (
                f"{host} has failed, or has become unreachable before what uses the token had taken it up. The old"
                " token stays valid. Put right what failed, and run again."
            )
        return failure

    def _at_host(self, module: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of one of the kind's modules on the host of the task."""
        return self._ship(module, options, self._vars, with_library=self._kind.ships)

    def _registered(self, name: str, host: str | None = None) -> Any:
        """Return the registered result of a step, None without one. `host` is this host where it is None."""
        variables = self._vars if host is None else self._vars_of(host)
        return variables.get(f"{self._kind.role}_{name}")

    def _use_of_role(self) -> str:
        """Return a text that the tasks of one use of the role have in common, on each of its hosts."""
        return str(self._task._parent._uuid)

    def _vars_of(self, host: str) -> dict[str, Any]:
        """Return a host's variables as they are, because the results of steps aren't templates."""
        return dict(self._vars["hostvars"].raw_get(host))

    def _templated(self, name: str) -> Any:
        return self._value(f"{self._kind.role}_{name}")

    def _value(self, variable: str) -> Any:
        return self._templar.template(self._vars[variable])

    def _show_warnings(self, result: dict[str, Any]) -> None:
        """Show a result's warnings at once, because Ansible would hide them with the result, which holds secrets.

        They aren't shown as warnings of this task: Ansible would hide those as well, and since 2.19 it adds them to the
        very list that is read here.
        """
        for warning in result.pop("warnings", ()):
            event = getattr(warning, "event", None)  # a text before 2.19
            self._show_warning(str(getattr(event, "msg", warning)))

    def _show_warning(self, text: str) -> None:
        self._display.display(f"[WARNING]: {printing.printable(text)}", color="bright purple", stderr=True)

    def _strategy(self) -> str:
        return str(self._task.get_play().strategy)

    def _settings(self) -> dict[str, Any]:
        """Return the role's variables as its specification types them. Raises AnsibleError."""
        role = f"{self._kind.role}_"
        specification = SPECIFICATIONS[self._kind.role]
        names = [name for name in specification if name in self._vars and name != self._kind.sharing]
        checked = ArgumentSpecValidator(specification).validate({name: self._value(name) for name in names})
        if checked.error_messages:
            raise AnsibleError("Validation of arguments failed:\n" + "\n".join(checked.error_messages))
        found = checked.validated_parameters
        # An empty text counts as a value only where the option has a default.
        unset = {name for name, value in found.items() if value == "" and "default" not in specification[name]}
        return {name.removeprefix(role): None if name in unset else value for name, value in found.items()}

    def _problems(self, settings: Mapping[str, Any]) -> list[str]:
        role = self._kind.role
        spans = {f"{role}_{name}": settings.get(name) for name in _SPANS}
        # Shown at once and for all hosts: a warning would be lost with a module that can't be run.
        for doubt in doubts(role, spans) if self._host == self._vars["ansible_play_batch"][0] else ():
            self._show_warning(doubt)
        return complaints([name for name in self._vars if name.startswith(f"{role}_")], role, spans)

    def _options(self, options: Any) -> dict[str, Any]:
        try:
            return dict(options())
        except ValueError as error:
            raise AnsibleError(str(error)) from error
