# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the two modules of community.hashi_vault (4.2.0 and newer) that docs/stores/hashi_vault uses.

They take the documented options that the example needs and no others, and answer and fail in the documented words. The
store is the file that VAULT_ADDR names.
"""

from __future__ import annotations

from pathlib import Path

_MODULE = """
import json, os
from ansible.module_utils.basic import AnsibleModule

def main():
    spec = {"engine_mount_point": {"default": "secret"}, "path": {"required": True}}
    if WRITES:
        spec["data"] = {"type": "dict", "required": True, "no_log": True}
    module = AnsibleModule(spec, supports_check_mode=True)
    store, path = os.environ["VAULT_ADDR"], module.params["path"]
    secrets = json.load(open(store)) if os.path.exists(store) else {}
    place = module.params["engine_mount_point"] + "/" + path
    if WRITES:
        if not module.check_mode:
            secrets[place] = module.params["data"]
            with open(os.open(store, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
                json.dump(secrets, file)
        module.exit_json(changed=True)
    if place not in secrets:
        module.fail_json(
            msg="Invalid or missing path ['%s'] with secret version 'latest'. Check the path or secret version." % path
        )
    module.exit_json(secret=secrets[place])

main()
"""


def install(root: Path) -> Path:
    """Lay the two modules into a collections tree, and return it: a part of ANSIBLE_COLLECTIONS_PATH."""
    modules = root / "ansible_collections" / "community" / "hashi_vault" / "plugins" / "modules"
    modules.mkdir(parents=True)
    for name in ("vault_kv2_get", "vault_kv2_write"):
        (modules / f"{name}.py").write_text(f"WRITES = {name == 'vault_kv2_write'}\n{_MODULE}")
    return root
