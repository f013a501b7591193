# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx's settings for the documentation site; `make docs` builds it from what antsibull-docs writes."""

from __future__ import annotations

import re
from typing import Any

project = "influxops.influxdb3"
copyright = "2026, influxops contributors"
title = html_title = html_short_title = "influxops.influxdb3"
extensions = ["sphinx_antsibull_ext", "sphinx_copybutton"]
# What is copied of a console are its commands, without the prompt and without what they print.
copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_theme = "sphinx_ansible_theme"
html_theme_options = {
    "display_version": False,
    "topbar_links": {},
    "documentation_home_url": "https://github.com/influxops/influxops.influxdb3",
}
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_show_sphinx = False
# It would be empty.
html_use_index = False
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


def shorten(index: str) -> str:
    """Give each list of pages on the first page its heading as the caption in the sidebar, and each plugin its name."""
    heading, lines = "", index.splitlines()
    made: list[str] = []
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line and set(after) in ({"-"}, {"~"}):
            heading = line.replace("Role Index", "Roles")
        page = re.fullmatch(r" +(\w+?)_(?:module|filter|lookup|role)", line)
        made.append(f"    {page[1]} <{line.strip()}>" if page else line)
        if line == ".. toctree::" and heading and heading != "Description":
            made.append(f"    :caption: {heading}")
    return "\n".join(made)


def setup(app: Any) -> None:
    """Sphinx calls it before it reads a page."""

    def read(_app: Any, name: str, source: list[str]) -> None:
        if name == "index":
            source[0] = shorten(source[0])

    app.connect("source-read", read)
