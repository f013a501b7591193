# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx's settings for the documentation site; `make docs` builds it from what antsibull-docs writes."""

from __future__ import annotations

project = "influxops.influxdb3"
copyright = "2026, influxops contributors"
title = html_title = html_short_title = "influxops.influxdb3"
extensions = ["sphinx_antsibull_ext"]
html_theme = "sphinx_ansible_theme"
html_theme_options = {
    "display_version": False,
    "topbar_links": {},
    "documentation_home_url": "https://github.com/influxops/influxops.influxdb3",
}
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_show_sphinx = False
# No server is asked; references to Ansible's own documentation stay plain text.
intersphinx_mapping: dict[str, str] = {}
nitpick_ignore = [
    ("std:ref", "action_plugins"),
    ("std:ref", "ansible_collections.ansible.builtin.uri_module"),
    ("std:ref", "ansible_configuration_settings"),
    ("std:ref", "common_return_values"),
]
default_role = "any"
nitpicky = True
