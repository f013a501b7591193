# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a host of the fleet: makes rows of the result of preflight_host_info."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .preflight_rows import (
    OLDEST_INFLUXCTL,
    Row,
    Seen,
    dotted,
    machine_checks,
    no_influxctl,
    ok,
    problem,
    skipped,
    version_numbers,
)

_OLDEST_PYTHON = (3, 9)
_OTHERS, _OTHERS_WRITE, _STICKY = 0o077, 0o022, 0o1000


def host_checks(host: str, seen: Seen) -> Iterator[Row]:
    """Return the rows about a host."""
    yield from machine_checks(host, seen, _OLDEST_PYTHON)
    if "python" not in seen:
        return
    yield _influxctl(host, seen)
    yield from _file(host, seen["file"])
    if seen["file"]["exists"] and not seen["file"]["failure"]:
        yield _keys(host, seen)
    yield from _certificate(host, seen["tls_files"])
    yield _proof(host, seen)


def _certificate(host: str, files: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Return the rows about the files that the profile will name; none for a profile that names none."""
    for file in files:
        if file["problem"]:
            remedy = (
                f"mgmt_token_profile.tls.{file['key']} names {file['path']}, which can't be read there:"
                f" {file['problem']}. Put the file there before the first run, or the proof of the new token fails; or"
                " name another one."
            )
            yield problem("certificate", host, f"tls.{file['key']} can't be read", remedy)
    if files and not any(file["problem"] for file in files):
        yield ok("certificate", host, "the files of tls can be read")


def _influxctl(host: str, seen: Seen) -> Row:
    program = seen["influxctl"]
    if program is None:
        return skipped("influxctl", host, "mgmt_token_prove is false")
    if program["failure"]:
        return no_influxctl(host, program["failure"], "mgmt_token_influxctl_path")
    version = program["version"]
    if version and version_numbers(version) < OLDEST_INFLUXCTL:
        remedy = (
            f"influxctl takes a management token from a profile since {dotted(OLDEST_INFLUXCTL)}. Install that or a"
            " newer one there; the role influxops.influxdb3.influxctl does."
        )
        return problem("influxctl", host, version, remedy)
    return ok("influxctl", host, version or ("works" if seen["proved"] else "its version can't be read"))


def _file(host: str, file: Seen) -> Iterator[Row]:
    path, mode = file["path"], int(file["mode"] or "0", 8)
    directory, above = file["directory"], int(file["directory_mode"] or "0", 8)
    found = []
    if file["failure"]:
        found.append(problem("file", host, "can't be read", file["failure"]))
    if mode & _OTHERS:
        remedy = (
            f"Run chmod 600 {path} there, as the role mgmt_token does. If others could read a token, renew it:"
            " mgmt_token_force."
        )
        found.append(problem("file", host, f"mode {file['mode']}: it isn't the owner's alone", remedy))
    if above & _OTHERS_WRITE and not above & _STICKY:
        remedy = f"Run chmod go-w {directory} there: who may write to it may put another file in place of the config."
        found.append(problem("file", host, f"others may write to {directory}", remedy))
    if file["obstacle"] and not file["failure"]:
        remedy = (
            f"{path} can't be replaced by the user that Ansible becomes there: {file['obstacle']}. Set"
            " mgmt_token_profile_path to one that can, or become."
        )
        found.append(problem("file", host, "can't be replaced", remedy))
    yield from found or [ok("file", host, f"mode {file['mode']}" if file["exists"] else "can be made")]


def _keys(host: str, seen: Seen) -> Row:
    keys = seen["refused_keys"]
    # A newer influxctl than this collection may know a key.
    if not keys or seen["proved"]:
        return ok("keys", host, "influxctl takes all of them")
    remedies = [
        f"{key['key']}{f' in the profile {profile}' if (profile := key.get('profile')) else ''}: {key['remedy']}"
        for key in keys
    ]
    refused = f"influxctl refuses the whole file {seen['file']['path']} because of {'; '.join(remedies)}."
    return problem("keys", host, ", ".join(key["key"] for key in keys), refused)


def _proof(host: str, seen: Seen) -> Row:
    profile = seen["profile"]
    if seen["proof_failure"]:
        return problem("proof", host, "influxctl doesn't work with the profile", seen["proof_failure"])
    if seen["proved"]:
        return ok("proof", host, "influxctl works with the profile")
    if profile is None:
        return skipped("proof", host, "there is no profile yet")
    if seen["influxctl"] is None:
        return skipped("proof", host, "mgmt_token_prove is false")
    if seen["influxctl"]["failure"]:
        return skipped("proof", host, "there is no influxctl")
    return skipped("proof", host, "the profile has no token")
