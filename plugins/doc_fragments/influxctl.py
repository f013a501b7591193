# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of what the modules share that run the influxctl program."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of `module_utils/_module/connect.py:INFLUXCTL_OPTIONS`.

    Each fragment is text as it stands: ansible-test reads these files without running them. A module takes the option,
    and beside it what is true of its use. Ansible wants options in each of them.
    """

    DOCUMENTATION = r"""
options:
  influxctl_path:
    description:
      - The influxctl program, a path or a name that is looked up on the PATH, in C(/usr/local/bin) and in C(/usr/bin).
      - Directories of the PATH that are relative are left out.
      - The default is V(influxctl).
    type: path
"""

    # Of modules that can't do without influxctl.
    NEEDED = r"""
options: {}
notes:
  - If O(host), O(management_token) or another option of the connection is given (also by an environment variable), the
    module writes a private temporary configuration for influxctl and removes it at the end. Otherwise influxctl runs
    with the profile O(profile) of O(config_path), by default its own default path.
  - influxctl can't be given a path behind O(host).
  - The program runs without a shell and without a terminal, and no secret is ever on its command line. If it wanted a
    login in a browser, it is ended after O(timeout) seconds and the module says so.
  - O(timeout) goes on until the last of what influxctl prints is read. One that prints more than 20 MB is ended.
  - By itself, influxctl waits one minute for an answer; a longer O(timeout) doesn't change that.
"""

    # Of modules for management tokens.
    MANAGEMENT = r"""
options: {}
requirements:
  - influxctl 2.6.0 or newer where the module runs (2.10.0 or newer for tokens with an expiry, 2.8.0 or newer for
    O(validate_certs=false))
  - tomlkit >= 0.11.6 where the module runs
notes:
  - Only lists are asked for again, O(retries) times, when influxctl says that the server isn't available or took too
    long. A list that proves which token was made is asked for twice at least.
"""

    LISTS = r"""
options: {}
requirements:
  - influxctl where the module runs (2.10.2 or newer for tables, 2.10.3 or newer for the IDs of databases, 2.10.4 or
    newer for what is deleted)
  - tomlkit >= 0.11.6 where the module runs
notes:
  - influxctl's lists are documented in part only. The module reads their JSON by the meaning of its keys, and what it
    doesn't find or understand is null.
  - A list is asked for again, O(retries) times, when influxctl says that the server isn't available or took too long.
"""

    OPTIONAL = r"""
options: {}
notes:
  - influxctl is only needed to restore by name. It must be 2.10.4 or newer and run where the module runs, beside
    tomlkit 0.11.6 or newer. It gets O(profile) of O(config_path) where these alone state the connection, and a private
    temporary configuration otherwise.
"""

    LISTING = r"""
options: {}
notes:
  - influxctl is only needed for O(status=deleted) and O(status=all). It must be 2.10.4 or newer and run where the
    module runs, beside tomlkit 0.11.6 or newer. Where O(host), O(management_token) or another option of the connection
    is given, it gets a private temporary configuration; otherwise it runs with O(profile) of O(config_path).
  - influxctl's lists are documented in part only. The module reads their JSON by the meaning of its keys, and what it
    doesn't find or understand is null.
"""

    LOOKUP = r"""
options: {}
notes:
  - For O(lookup=influxctl), influxctl 2.10.2 or newer must run where the module runs, beside tomlkit 0.11.6 or newer;
    to restore by name, 2.10.4 or newer, whatever O(lookup) is. It gets O(profile) of O(config_path) where these alone
    state the connection, and a private temporary configuration otherwise. It can't be given a path behind O(host).
"""
