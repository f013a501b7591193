#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database token in a private file on the target: options in, compare, write beside, prove, put in place, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: db_token_file
short_description: Keep a database token in a private file on a host, proved before it is put in place
version_added: 0.1.0
description:
  - Writes a database token into a private file on the target, and if wanted also as C(NAME=secret) into a second file,
    as systemd's C(EnvironmentFile) takes it. It makes no token; M(influxops.influxdb3.db_token) does.
  - In most cases you need O(path), O(token), O(id), O(description) and O(expires_at), which
    M(influxops.influxdb3.db_token) returns; O(env_path) with O(env_name) where systemd reads it; and O(prove) to have
    it tried first.
  - With O(prove) the new files are written beside the old ones, the host itself tries the token at the data plane, and
    only then are they renamed into place. A proof that fails leaves the old files as they were, byte for byte, and
    fails the task.
  - The file with the token is put in place first, then the one with the variable. A run that is cut off between the two
    is finished by the next one; until then M(influxops.influxdb3.db_token_file_info) tells that they differ.
  - The diff shows the public keys before and after. Of a secret, it only says that it is another one.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - ansible.builtin.files
  - influxops.influxdb3.attributes
options:
  path:
    description:
      - The file. It holds JSON with the keys C(id), C(description), C(token), C(created_at) and C(expires_at), as a
        O(influxops.influxdb3.db_token#module:secret_file) does.
      - Directories that are missing are created with mode 0700, for O(owner) and O(group).
      - Refused are a path that is a link or a directory, a file that this collection hasn't written, one that belongs
        to somebody else, and a directory that everybody may write to, or that belongs to neither root, nor the user who
        runs the task, nor O(owner). Whoever may write to the directory could put another file in its place.
    type: path
    required: true
  env_path:
    description:
      - A file that holds C(NAME=secret) and nothing else. One that holds more than one variable is refused; systemd
        takes several C(EnvironmentFile=). What is said of O(path), its owner and its mode goes for this file as well.
    type: path
  env_name:
    description: The variable's name. One that systemd doesn't take is refused.
    type: str
  state:
    description:
      - Whether the files shall be there. V(absent) removes O(path) and O(env_path), and leaves the token alive.
    type: str
    choices: [present, absent]
    default: present
  token:
    description:
      - The token's secret. One that is empty, or holds a blank, a line end, quotes or C(Bearer), is refused.
      - Without it, the token that the file holds stays, O(env_path) is made from it, and both get their owner and mode.
    type: str
  id:
    description: The token's ID. Required with O(token).
    type: str
  description:
    description: The token's description. As with O(created_at) and O(expires_at), what isn't given stays as it is where
      the file holds the same token, and is null otherwise.
    type: str
  created_at:
    description: When the token was made, in RFC 3339.
    type: str
  expires_at:
    description: When the token ends, in RFC 3339. By this host's clock, an end that is past is warned about.
    type: str
  prove:
    description:
      - How the token is tried before it is put in place, from this host, over proxies of the task's environment
        (C(HTTPS_PROXY) and so on). No redirect is followed. Without it nothing is tried, and in check mode neither.
      - It is only tried when a file's content is to be replaced.
      - A token that may read is tried with the query C(SHOW MEASUREMENTS).
      - A token that may only write is tried with a write that has no line, which keeps nothing. What InfluxDB answers
        to that isn't documented. So a token that doesn't exist, made up at random, is tried as well. If that one is
        refused, the answer tells, and the token counts as proved once it isn't. If not, the module waits for as long as
        O(prove.retries) and O(prove.delay) say, less what has passed since O(created_at), puts the token in place, and
        warns that it isn't proved (RV(proved) is null).
    type: dict
    suboptions:
      host:
        description:
          - Name or URL of the data plane, as this host reaches it. C(https) unless the URL says C(http). For Cloud
            Dedicated it is C(CLUSTER_ID.a.influxdb.io); for Clustered the cluster's own.
        type: str
        required: true
      database:
        description:
          - The database that the token is tried with. The default is the first one that O(prove.permissions) name, one
            that may be read before one that may be written.
        type: str
      permissions:
        description: The token's permissions, as those of M(influxops.influxdb3.db_token). Without them, the token may
          read O(prove.database).
        type: list
        elements: dict
        suboptions:
          action:
            description: What is allowed.
            type: str
            required: true
            choices: [read, write]
          resource:
            description: The database's name, or V(*) for all.
            type: str
            required: true
      validate_certs:
        description: Whether the server's certificate is checked.
        type: bool
        default: true
      ca_path:
        description: PEM file of the CA certificates on this host. The default is the system's store.
        type: path
      retries:
        description:
          - How often a token that doesn't work yet is tried again. A new token takes seconds to minutes, and is refused
            until then.
        type: int
        default: 30
      delay:
        description: Seconds between two attempts.
        type: float
        default: 10
      timeout:
        description: Seconds for one answer, until its last byte is there.
        type: float
        default: 30
  _look:
    description:
      - Internal. In check mode, a file that isn't there needs no O(token), so that all else can be looked at. Don't set
        it.
    type: bool
    default: false
  _note_unused:
    description:
      - Internal. Leaves a note beside O(path) before another content is put in place. Don't set it.
    type: bool
    default: false
  _prove_unchanged:
    description:
      - Internal. Has O(prove) prove the token also where nothing is to be written. Don't set it.
    type: bool
    default: false
  mode:
    description: The files' mode. They hold a secret, so only their owner may read them by default.
    default: "0600"
  unsafe_writes:
    description: It is the same with and without this, because a write that is cut off would leave half a secret.
notes:
  - The target needs Python 3.9 or newer and no library.
  - The directories of both files are locked (C(flock)) while the module runs, so that tasks for the same files wait for
    each other, for up to two minutes.
  - A host whose clock is off by more than five minutes is warned about, where the data plane's answer tells the time.
seealso:
  - module: influxops.influxdb3.db_token_file_info
  - module: influxops.influxdb3.db_token
  - plugin: influxops.influxdb3.secret
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Make a token on the controller, and keep its secret there
  influxops.influxdb3.db_token:
    description: telegraf web1
    permissions:
      - action: read
        resource: metrics
    expires_in: 90d
    renew_before: 14d
    secret_file: /etc/influxdb3/secrets/telegraf_web1.json
  delegate_to: localhost
  register: made

- name: Write it where telegraf's unit reads it, once it works from this host
  influxops.influxdb3.db_token_file:
    path: /etc/telegraf/influxdb3/token.json
    env_path: /etc/telegraf/influxdb3/token.env
    env_name: INFLUX_TOKEN
    id: "{{ made.db_token.id }}"
    description: "{{ made.db_token.description }}"
    token: "{{ lookup('influxops.influxdb3.secret', '/etc/influxdb3/secrets/telegraf_web1.json') }}"
    created_at: "{{ made.db_token.created_at }}"
    expires_at: "{{ made.db_token.expires_at }}"
    owner: telegraf
    prove:
      host: https://cluster.example.com
      database: metrics
      ca_path: /etc/ssl/certs/cluster.pem

- name: Bring back a file of variables that somebody has changed, with the token that the host holds
  influxops.influxdb3.db_token_file:
    path: /etc/telegraf/influxdb3/token.json
    env_path: /etc/telegraf/influxdb3/token.env
    env_name: INFLUX_TOKEN
    owner: telegraf

- name: Remove both files
  influxops.influxdb3.db_token_file:
    path: /etc/telegraf/influxdb3/token.json
    env_path: /etc/telegraf/influxdb3/token.env
    state: absent
"""

RETURN = r"""
db_token_file:
  description: What the host holds now, or would hold in check mode, without the secret; null if it is absent.
  returned: success, and when the proof has failed
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
proved:
  description:
    - Whether the token was tried from this host and worked. V(false) if it didn't, and then nothing was replaced. Null
      where no proof was asked for or due, and where the cluster's answers don't tell, which is warned about.
  returned: always
  type: bool
  sample: true
# texts.yml: file-identity-of-a-token
file_identity:
  description:
    - A name for the file on this very machine. Two inventory names that mean the same file of the same machine get the
      same one. It changes when the machine is started anew, or when missing directories of O(path) are made.
  returned: success
  type: str
  sample: 0c8f6f0e-5a0e-4c80-8d6f-1c7b6f1f8a55:64769:131094:token.json
# texts.yml ends
env_file_identity:
  description: The same of O(env_path); null without one.
  returned: success
  type: str
  sample: 0c8f6f0e-5a0e-4c80-8d6f-1c7b6f1f8a55:64769:131094:token.env
# texts.yml: failure
failure:
  description: What went wrong. All five keys are always there, null where one doesn't apply.
  returned: failure
  type: dict
  contains:
    status:
      description: The HTTP status of the answer.
      type: int
      sample: 403
    code:
      description: A stable word for the cause.
      type: str
      sample: forbidden
    message:
      description: What the server said, or the sentence of the failure.
      type: str
      sample: permission denied
    method:
      description: The HTTP method of the request.
      type: str
      sample: GET
    path:
      description: The path of the request.
      type: str
      sample: /api/v0/databases
# texts.yml ends
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

# pylint: disable-next=unused-import
from ansible_collections.influxops.influxdb3.plugins.module_utils._ansiballz import compiled_once  # noqa: F401
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import errors, interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._module import token_files
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.entry import run
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.token_delivery import deliver
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens import data_proof, delivery_file

OPTIONS: interface.Spec = {
    "path": {"type": "path", "required": True},
    "env_path": {"type": "path"},
    "env_name": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "token": {"type": "str", "no_log": True},
    **{name: {"type": "str"} for name in delivery_file.PUBLIC},
    "prove": {"type": "dict", "options": data_proof.PROVE},
    "_look": {"type": "bool", "default": False},
    "_note_unused": {"type": "bool", "default": False},
    "_prove_unchanged": {"type": "bool", "default": False},
    "mode": {"type": "raw", "default": "0600"},
}
EMPTY_IS_UNSET = ("description", "created_at", "expires_at", "env_path", "env_name")


def work(module: AnsibleModule) -> interface.Result:
    """Bring the files to their stated state: both, or none if the token can't be proved."""
    values: dict[str, Any] = {"proved": None}
    done: list[str] = []
    try:
        with token_files.locked_files(module) as locations:
            return deliver(module, locations, values, done)
    except errors.Influxdb3Error as error:
        return interface.Result(bool(done), values, error=error)


def main() -> None:
    """Run the module."""
    run(
        work,
        OPTIONS,
        empty_is_unset=EMPTY_IS_UNSET,
        add_file_common_args=True,
        required_together=[("token", "id")],
        required_by={"env_name": ("env_path",)},
    )


if __name__ == "__main__":
    main()
