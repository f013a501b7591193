# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the texts of documentation that stand in several places from one source, `tools/texts.yml`.

Ansible has fragments for the options of a plugin, but none for its return values before ansible-core 2.21, none for the
options inside of a list, and none for a role's. In the files that want a text, a comment names it:

    # texts.yml: failure
    failure:
      description: ...
    # texts.yml ends

`python -m tools.texts` writes what stands between the comments anew, indented as they are; with `--check` it only says
which files differ.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

SOURCE = Path(__file__).with_name("texts.yml")
PLACES = ("plugins/modules/*.py", "plugins/doc_fragments/*.py", "roles/*/meta/argument_specs.yml")
_PLACE = re.compile(
    r"^(?P<indent> *)# texts\.yml: (?P<name>[\w-]+)\n(?P<text>.*?)^(?P=indent)# texts\.yml ends\n", re.M | re.S
)


def fill(content: str, texts: Mapping[str, str]) -> str:
    """Return a file's content with the named texts in their places. Raises KeyError for a text that isn't there."""

    def written(place: re.Match[str]) -> str:
        indent = place["indent"]
        text = textwrap.indent(texts[place["name"]], indent)
        return f"{indent}# texts.yml: {place['name']}\n{text}{indent}# texts.yml ends\n"

    return _PLACE.sub(written, content)


def names(content: str) -> list[str]:
    """Return the names of the texts that a file wants."""
    return [place["name"] for place in _PLACE.finditer(content)]


def files(checkout: Path) -> Iterator[Path]:
    """Yield the files that may want texts."""
    for pattern in PLACES:
        yield from sorted(checkout.glob(pattern))


def main(checkout: Path, *, check: bool) -> list[str]:
    """Write all files, or only return what is wrong."""
    texts: dict[str, str] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    wanted: list[str] = []
    problems = []
    for path in files(checkout):
        content = path.read_text(encoding="utf-8")
        wanted += names(content)
        filled = fill(content, texts)
        if filled != content and check:
            problems.append(f"{path.relative_to(checkout)} differs from tools/texts.yml: run `python -m tools.texts`")
        elif filled != content:
            path.write_text(filled, encoding="utf-8")
    problems += [f"tools/texts.yml: nobody wants {name}" for name in sorted(set(texts) - set(wanted))]
    problems += [f"tools/texts.yml: only one file wants {name}" for name in sorted(texts) if wanted.count(name) == 1]
    return problems


if __name__ == "__main__":
    sys.exit("\n".join(main(Path.cwd(), check="--check" in sys.argv)) or None)
