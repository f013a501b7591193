# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has Python compile each file of a module's archive once instead of twice, as soon as this is imported.

Ansible sends a module as a zip file of sources. Python's `zipimport` compiles a source to load it, and before that to
tell its path, because the path might be that of compiled code. Compiling is most of what a short module does.
"""

from __future__ import annotations

import os
import zipimport


def tell_paths_without_compiling(archive: str) -> None:
    """Let `zipimport` tell the paths in an archive, which holds nothing but sources, by their names."""
    original = zipimport.zipimporter.get_filename

    def get_filename(self: zipimport.zipimporter, fullname: str) -> str:
        if self.archive != archive:
            return original(self, fullname)
        end = f"{os.sep}__init__.py" if self.is_package(fullname) else ".py"
        return os.path.join(archive, self.prefix + fullname.rpartition(".")[2] + end)

    try:
        zipimport.zipimporter.get_filename = get_filename  # type: ignore[method-assign]
    except TypeError:  # A Python whose zipimport isn't written in Python; then each file is compiled twice.
        return


if isinstance(__spec__.loader, zipimport.zipimporter):
    tell_paths_without_compiling(__spec__.loader.archive)
