#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which database token a host's file holds: read, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: db_token_file_info
short_description: Tell which database token a file on a host holds
version_added: 0.1.0
description:
  - Returns the ID, the description and the times of the token in a file that M(influxops.influxdb3.db_token_file) has
    written on the target, who may read the file, and whether the file of the variable holds the same token. Never the
    secret, nor a part of it.
  - With O(directory), returns the same for each token in the files of a directory, such as the
    O(influxops.influxdb3.cluster#module:secret_dir) of M(influxops.influxdb3.cluster).
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.attributes.info
options:
  path:
    description: The file. If there is none, the result says so and its keys are null. Either this or O(directory).
    type: path
  directory:
    description:
      - A directory of files that hold a token each. What else is in it is passed over, and so are the directories in
        it. One that isn't there holds none.
    type: path
  env_path:
    description: The file that holds the token as a variable.
    type: path
  env_name:
    description: The variable's name. Without it, whatever name the variable has is right.
    type: str
notes:
  - The target needs Python 3.9 or newer and no library.
  - It asks no server, so it doesn't know whether the token is still alive.
seealso:
  - module: influxops.influxdb3.db_token_file
  - module: influxops.influxdb3.db_token_info
"""

EXAMPLES = r"""
- name: Find out which database token this host holds, and until when
  influxops.influxdb3.db_token_file_info:
    path: /etc/telegraf/influxdb3/token.json
    env_path: /etc/telegraf/influxdb3/token.env
    env_name: INFLUX_TOKEN
  register: held

- name: Find out which database tokens the controller keeps
  influxops.influxdb3.db_token_file_info:
    directory: /etc/influxdb3/secrets
  delegate_to: localhost
  register: kept
"""

RETURN = r"""
db_token_file:
  description: What the file holds, without the secret. When it can't be read or isn't such a file, the module fails,
    and the keys about the files themselves are there all the same.
  returned: always, with O(path)
  type: dict
  contains:
    # texts.yml: kept-token-fields
    path:
      description: The file, with links on the way resolved.
      type: str
      sample: /etc/telegraf/influxdb3/token.json
    id:
      description: The token's ID.
      type: str
      sample: 019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b
    description:
      description: The token's description; null if it isn't known, as with the times.
      type: str
      sample: telegraf web1
    created_at:
      description: When it was made.
      type: str
      sample: '2027-01-31T12:00:00Z'
    expires_at:
      description: When it ends; null for never.
      type: str
      sample: '2027-05-01T12:00:00Z'
    env_path:
      description: The file of the variable; null without one.
      type: str
      sample: /etc/telegraf/influxdb3/token.env
    env_name:
      description: The variable's name; null without one.
      type: str
      sample: INFLUX_TOKEN
    # texts.yml ends
    exists:
      description: Whether the file is there.
      type: bool
      sample: true
    owner:
      description: The owner's name, or number if there is no name; null without a file.
      type: str
      sample: telegraf
    group:
      description: The group's name, or number if there is no name; null without a file.
      type: str
      sample: telegraf
    mode:
      description: The permissions; null without a file.
      type: str
      sample: "0600"
    env_state:
      description:
        - V(ok) when O(env_path) holds the token of O(path), V(missing) without that file, V(differs) when it holds
          another one, another variable or something else. Null without O(env_path).
      type: str
      sample: ok
    env_owner:
      description: As RV(db_token_file.owner), of O(env_path).
      type: str
      sample: telegraf
    env_group:
      description: As RV(db_token_file.group), of O(env_path).
      type: str
      sample: telegraf
    env_mode:
      description: As RV(db_token_file.mode), of O(env_path).
      type: str
      sample: "0600"
db_token_files:
  description:
    - What the files of O(directory) hold, by their names, each with the keys C(path), C(exists), C(owner), C(group),
      C(mode), C(id), C(description), C(created_at) and C(expires_at) of RV(db_token_file), and with C(problem).
    - The C(problem) of a file that can't be read says why, and nothing is known of its token then. It is null for the
      others.
  returned: success, with O(directory)
  type: list
  elements: dict
# texts.yml: file-identity-of-a-token
file_identity:
  description:
    - A name for the file on this very machine. Two inventory names that mean the same file of the same machine get the
      same one. It changes when the machine is started anew, or when missing directories of O(path) are made.
  returned: success
  type: str
  sample: 0c8f6f0e-5a0e-4c80-8d6f-1c7b6f1f8a55:64769:131094:token.json
# texts.yml ends
# texts.yml: failure-of-a-profile
failure:
  description: What went wrong. All five keys are always there, null where one doesn't apply.
  returned: failure
  type: dict
  contains:
    status:
      description: Always null.
      type: int
    code:
      description: A stable word for the cause.
      type: str
      sample: invalid_toml
    message:
      description: The sentence of the failure.
      type: str
      sample: it is not valid TOML at line 3
    method:
      description: Always null.
      type: str
    path:
      description: Always null.
      type: str
# texts.yml ends
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

# pylint: disable-next=unused-import
from ansible_collections.influxops.influxdb3.plugins.module_utils._ansiballz import compiled_once  # noqa: F401
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import errors, interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.file_identity import file_identity
from ansible_collections.influxops.influxdb3.plugins.module_utils._module import token_files
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.entry import run
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.delivery_file import PUBLIC, public
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.kept_secrets import (
    kept_at,
    location_of,
    tokens_in,
)

OPTIONS: interface.Spec = {
    "path": {"type": "path"},
    "env_path": {"type": "path"},
    "env_name": {"type": "str"},
    "directory": {"type": "path"},
}
_NOTHING = dict.fromkeys(PUBLIC)


def work(module: AnsibleModule) -> interface.Result:
    """Tell what the files hold."""
    path, env_path, name, directory = (module.params[option] for option in OPTIONS)
    if directory is not None:
        return interface.Result(False, {"db_token_files": _of_directory(directory)})
    file = {**token_files.described(path), **_NOTHING, "env_path": env_path, "env_name": name}
    file.update(token_files.described(env_path, "env_"))
    try:
        with location_of(path) as location:
            kept, unused = kept_at(location), token_files.is_unused(location)
            file.update(path=location.path, **public(kept.secret if kept else None))
        file["env_state"] = token_files.env_state(env_path, name, kept.secret if kept else None)
    except errors.Influxdb3Error as error:
        # Who may read the file matters even more when nobody can say what is in it.
        return interface.Result(False, {"db_token_file": file}, error=error)
    # For the audit: what uses the token may use an older one still (role db_token).
    values = {"db_token_file": file, "file_identity": file_identity(str(file["path"])), "unused": unused}
    return interface.Result(False, values)


def _of_directory(directory: str) -> list[dict[str, Any]]:
    with location_of(os.path.join(directory, "any")) as location:
        if location.missing:
            return []
    above, found = tokens_in(directory)
    files = []
    for name, kept in found:
        problem = str(kept) if isinstance(kept, errors.Influxdb3Error) else None
        token = {} if isinstance(kept, errors.Influxdb3Error) else public(kept.secret)
        files.append({**token_files.described(os.path.join(above, name)), **_NOTHING, **token, "problem": problem})
    return files


def main() -> None:
    """Run the module."""
    run(
        work,
        OPTIONS,
        empty_is_unset=("env_path", "env_name"),
        required_by={"env_name": ("env_path",), "env_path": ("path",)},
        required_one_of=[("path", "directory")],
        mutually_exclusive=[("path", "directory")],
    )


if __name__ == "__main__":
    main()
