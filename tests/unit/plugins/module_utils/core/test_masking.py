# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No piece of a secret survives in any notation, and nothing that is shown steers a terminal."""

from __future__ import annotations

import base64
import json
import re
import string
import unicodedata
from collections.abc import Callable
from html.entities import html5
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.masking import (
    HINTS,
    mask,
    masked,
    without_colours,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.printing import MASK, printable, printables
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.secret_search import HEADS, PIECE
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.token_values import looks_like_db_token

BODY = string.ascii_letters + string.digits + "+/=_-"
NAMES = {value: name for name, value in html5.items() if name.endswith(";") and len(value) == 1}


def url(character: str, *, lower: bool = False, every: bool = False) -> str:
    """A character as in a URL; `every` writes also those as an escape that need none."""
    if not every and quote(character, safe="") == character:
        return character
    escaped = "".join(f"%{byte:02X}" for byte in character.encode())
    return escaped.lower() if lower else escaped


def json_escape(character: str, *, every: bool = False) -> str:
    if not every and character.isalnum() and character.isascii():
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at] * 256 + units[at + 1]:04x}" for at in range(0, len(units), 2))


# How one character of a secret may be written. Each keeps letters readable, which would be all that a thief needs.
NOTATIONS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "URL": url,
    "URL in lower case": lambda c: url(c, lower=True),
    "URL, every character": lambda c: url(c, every=True),
    "URL, twice": lambda c: url(c).replace("%", "%25"),
    "HTML, decimal": lambda c: c if c.isalnum() else f"&#{ord(c)};",
    "HTML, hexadecimal": lambda c: c if c.isalnum() else f"&#x{ord(c):X};",
    "HTML, by name": lambda c: f"&{NAMES[c]}" if c in NAMES and not c.isalnum() else c,
    "HTML in a URL": lambda c: c if c.isalnum() else f"%26%23{ord(c)}%3B",
    "JSON": json_escape,
    "JSON, every character": lambda c: json_escape(c, every=True),
    "JSON in JSON": lambda c: json_escape(c).replace("\\", "\\\\"),
    "JSON's slash": lambda c: "\\/" if c == "/" else json.dumps(c, ensure_ascii=False)[1:-1],
    "Python": lambda c: repr(c)[1:-1],
    "bytes in Python": lambda c: c if c.isascii() and c.isalnum() else "".join(f"\\x{b:02x}" for b in c.encode()),
    "shell": lambda c: c if c.isalnum() else f"\\{c}",
    "coloured": lambda c: f"\x1b[1;31m{c}\x1b[0m",
    "one a line": lambda c: f"{c}\n",
    "wrapped and indented": lambda c: f"{c}\r\n    ",
    "zero width": lambda c: f"\u200b{c}\u2060",
}
visible = st.characters(min_codepoint=33, max_codepoint=126)
letters = st.text(st.sampled_from(BODY), min_size=PIECE, max_size=90)
tokens = st.builds("apiv1_{}".format, letters) | st.builds("M.V1.{}".format, letters)
passwords = st.text(visible, min_size=PIECE, max_size=40)
foreign = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=PIECE, max_size=30)
secrets = tokens | letters | passwords | foreign
# An escape that began before the secret would swallow its first character.
before = st.text(max_size=30).filter(lambda text: not re.search(r"[%\\&\x1b]\S{0,40}$", text))


@st.composite
def pieces(draw: st.DrawFn) -> tuple[str, str]:
    """A secret and a piece of it."""
    secret = draw(secrets)
    start = draw(st.integers(0, len(secret) - PIECE))
    return secret, secret[start : draw(st.integers(start + PIECE, len(secret)))]


def survivors(units: list[str], text: str) -> list[str]:
    """The pieces of the least length that stand in a text as they were written."""
    shown = ("".join(units[at : at + PIECE]) for at in range(len(units) - PIECE + 1))
    return [one for one in shown if one in text]


@given(pieces(), st.sampled_from(sorted(NOTATIONS)), before, st.text(max_size=30))
@example(("M.V1.a+b/" + "C" * 20, "M.V1.a+b/" + "C" * 20), "URL", "", "")
@example(("M.V1.a+b/" + "C" * 20, "1.a+b/" + "C" * 20), "HTML, decimal", "", "")
@example(("pässwörd-ünd-mehr", "pässwörd-ünd-mehr"), "URL", "", "")
@example(("🔑" * 12, "🔑" * 12), "JSON", "", "")
@example(("a" * 40, "a" * 12), "plain", "", "")
def test_no_piece_of_a_known_secret_survives_in_any_notation(
    case: tuple[str, str], notation: str, start: str, end: str
) -> None:
    secret, piece = case
    units = [NOTATIONS[notation](character) for character in piece]
    assert survivors(units, mask(f"{start}{''.join(units)}{end}", {secret, "another-secret-of-somebody"})) == []


@given(secrets, st.integers(0, 2), st.sampled_from(["+/", "-_"]), st.integers(0, 60), st.data())
def test_no_piece_of_a_known_secret_survives_in_base64(
    secret: str, shift: int, alphabet: str, width: int, data: st.DataObject
) -> None:
    bits = (shift + len(secret.encode())) * 8
    encoded = base64.b64encode(b"u:"[:shift] + secret.encode() + b" and more", alphabet.encode()).decode()
    inner = encoded[(0, 2, 3)[shift] : bits // 6]
    at = data.draw(st.integers(0, len(inner) - PIECE))
    wrapped = "\n".join(inner[n : n + width] for n in range(0, len(inner), width)) if width else inner
    assert survivors(list(inner), mask(f"Basic {encoded}", {secret})) == []
    assert survivors(list(inner[at:]), mask(f"Basic {inner[at:]} and more", {secret})) == []
    assert survivors(list(wrapped), mask(f"Basic {wrapped}", {secret})) == []


@given(st.text(visible, min_size=4, max_size=PIECE - 1), st.sampled_from(sorted(NOTATIONS)), before)
def test_a_short_secret_is_masked_as_a_whole(secret: str, notation: str, start: str) -> None:
    written = "".join(map(NOTATIONS[notation], secret))
    assert written not in mask(f"{start}{written}", {secret})


@given(
    st.builds("apiv{}_{}".format, st.integers(1, 9), letters)
    | st.builds("M.V{}.{}".format, st.integers(1, 9), letters),
    st.sampled_from([name for name in sorted(NOTATIONS) if name not in ("one a line", "wrapped and indented")]),
    before,
)
def test_nothing_of_an_unknown_token_survives_in_any_notation(token: str, notation: str, start: str) -> None:
    coloured = notation in ("coloured", "zero width")
    units = [token] if coloured else list(map(NOTATIONS[notation], token))
    public = 9 if token.startswith("M.") else 0
    assume(survivors(units, start) == [])
    shown = mask(f"{start} {''.join(units)}")
    assert survivors(units[public:], shown) == []
    assert shown.endswith(MASK)


@given(st.from_regex(r"apiv[0-9]{1,3}_[0-9A-Za-z+/=_-]{1,100}\n?", fullmatch=True))
@example("apiv1_canary\n")
def test_what_looks_like_a_database_token_is_masked_whole(secret: str) -> None:
    """So that nobody has to remember it. What isn't masked whole by its shape doesn't look like one."""
    assert looks_like_db_token(secret) == (mask(secret) == MASK)


def test_a_text_that_begins_like_a_token_in_base64_is_searched() -> None:
    assert HEADS
    assert {head[:4] for head in HEADS} <= set(HINTS)


@given(tokens, st.integers(0, 2), st.sampled_from(["+/", "-_"]))
def test_an_unknown_token_is_known_by_its_beginning_in_base64(token: str, shift: int, alphabet: str) -> None:
    encoded = base64.b64encode(b"u:"[:shift] + token.encode(), alphabet.encode()).decode()
    assert survivors(list(encoded), mask(f"Authorization: Basic {encoded}")) == []


@given(
    st.lists(st.sampled_from(string.ascii_letters), unique=True, min_size=2 * PIECE).map("".join), st.integers(1, 11)
)
def test_what_is_drawn_around_a_known_secret_does_not_matter(secret: str, width: int) -> None:
    """A table that wraps its cells, a quotation in a mail, and a plus that somebody took for a blank."""
    cells = [secret[at : at + width] for at in range(0, len(secret), width)]
    for between in (" |\n| ", "\n> > ", "=\n", " - "):
        masked_text = mask(f"| {between.join(cells)} |", {secret})
        assert not any(cell in masked_text for cell in cells if len(cell) > 2)
    with_plus = "+".join(cells)
    assert secret[:3] not in mask(" ".join(cells), {with_plus})


def test_the_rest_of_an_unknown_token_after_a_line_break_is_masked() -> None:
    assert mask("apiv1_abc\n" + "d" * 40 + "==\nSome words follow.") == f"{MASK}\nSome words follow."


@given(
    st.lists(st.sampled_from(BODY), unique=True, min_size=4 + PIECE).map("".join),
    st.sampled_from(["plain", "JSON's slash"]),
)
def test_the_public_prefix_of_a_known_token_stays(body: str, notation: str) -> None:
    token = f"M.V1.{body}"
    written = "".join(map(NOTATIONS[notation], token[:9]))
    whole = "".join(map(NOTATIONS[notation], token))
    assert mask(f"{written} is of {whole}", {token}) == f"{written} is of {written}{MASK}"


@given(st.text(st.sampled_from("ab %&\\#;x+/-_=u0;\n12BM.V"), max_size=60))
def test_a_text_without_secrets_stays(text: str) -> None:
    if "M.V" not in text:
        assert mask(text) == text
        assert mask(text, {"a secret that is not there"}) == text


@given(st.text(), st.sets(secrets, max_size=3))
def test_masking_twice_is_masking_once(text: str, known: set[str]) -> None:
    once = mask(text, known)
    assert mask(once, known) == once


def test_values_are_masked_with_their_keys() -> None:
    value = {"apiv1_abcdefg": ["no", {"x": "secret-of-ours-1"}, 5, None, True]}
    assert masked(value, {"secret-of-ours-1"}) == {MASK: ["no", {"x": MASK}, 5, None, True]}


STEERING = [
    *("\x1b[2J", "\x07", "\x00", "\r", "\n", "\x7f", "\x85", "\x9b31m"),
    *("\u2028", "\u2029", "\u200b", "\u202e", "\u2066", "\ufeff", "\udc80"),
]


@given(st.text())
def test_nothing_that_is_shown_steers_a_terminal(text: str) -> None:
    shown = printable(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")]
    assert printable(shown) == shown
    assert shown.splitlines() in ([shown], [])


@pytest.mark.parametrize("steering", STEERING, ids=ascii)
def test_what_steers_a_terminal_is_shown_as_python_writes_it(steering: str) -> None:
    assert printable(f"a{steering}ü☃ b\\n") == f"a{ascii(steering)[1:-1]}ü☃ b\\n"
    assert printables({steering: [steering, 1]}) == {ascii(steering)[1:-1]: [ascii(steering)[1:-1], 1]}


def test_colours_are_left_out() -> None:
    assert without_colours('\x1b[1;32m[{"id":\x1b[0m \x1b[38;5;9m1}]\x1b[K') == '[{"id": 1}]'
