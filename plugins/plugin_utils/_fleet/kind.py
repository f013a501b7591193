# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface of one kind of tokens to the protocol: how they are made, held on a host, and recognized there.

`settings` are the variables of the kind's role without its name, as its specification types them; a variable that
isn't stated is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, NamedTuple, Protocol

# The word in place of a secret and an ID that check mode has not got. It is as long as a secret must be, and too short
# for a part of it to be shown as the prefix of a token.
TO_BE_MADE = "to-be-made-yet"
Settings = Mapping[str, Any]
Result = Mapping[str, Any]


class Holding(NamedTuple):
    """The tokens in a host's file, by their keys: the host's own (None for none), and the others in the same file.

    `entry` names the entry of the file that holds the host's own, empty where the file holds one token only.
    `second_path` is a further file with the token, empty without one.
    """

    path: str
    key: str | None
    beside: tuple[str, ...] = ()
    entry: str = ""
    second_path: str = ""


def is_held(member: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """Return whether a host holds the token of an answer already. Such a token is not written once more."""
    return bool(answer["key"] == member["held"] and not answer["is_new"])


def secret_to_write(answer: Mapping[str, Any], secret: str | None, *, is_check: bool) -> str:
    """Return the secret to write; for a new token in check mode, which has none yet, a word that is no secret.

    Raises ValueError where nobody has it.
    """
    found = secret or (TO_BE_MADE if is_check and answer["is_new"] else None)
    if not found:
        raise ValueError(f"Nobody has the secret of the token {answer['id']}.")
    return found


class ApplyOptions(Protocol):
    """Returns the options that give a host the token of an answer, and have it proved there.

    `member` has the fields of `Member`, `answer` those of `Answer`, and `secret` is that of the answer's token where
    somebody has it. A token that the host holds is not written once more. Raises ValueError where nothing can be
    written.
    """

    def __call__(
        self,
        settings: Settings,
        member: Mapping[str, Any],
        answer: Mapping[str, Any],
        secret: str | None,
        *,
        is_check: bool,
    ) -> dict[str, Any]:
        raise NotImplementedError


@dataclass(frozen=True)
class Kind:
    """One kind of tokens.

    Attributes:
        role: the role, whose name its variables begin with, and the module that makes and revokes the tokens.
        key: the key of a token in that module's results by which it is recognized on a host.
        held: the option of that module's entries which names by this key the token that is at hand.
        secret: the key in the module's results that holds a secret.
        file: the word for the thing that holds a token on a host, for sentences.
        module: the module that writes this file, with `info` beside it, which only looks.
        sharing: the variable that says which hosts share a token, by a pattern.
        size: the variable that says how many these are.
        ships: whether the two need a library of the controller's.
        why_refused: returns a sentence about a wrong setting, empty where all are right.
        proves: returns whether a token is proved on the host.
        look_options: returns the options with which `module` foretells the changes apart from the token, and shows the
            token that the host holds. Raises ValueError.
        apply_options: see `ApplyOptions`.
        holding: returns the tokens in the file by a result of `module` or of `info`, None where they aren't known.
        may_be_revoked: returns whether such a result is that of a proof that has failed as it does with a token that
            another run has revoked meanwhile.
        way: returns the options of the role's module that say how the cluster is reached.
        wish: returns the kind's own keys of an entry of that module, beside those of all kinds.
        key_of: returns the key of the token that a store of the user's has given back, empty for none. Raises
            ValueError where it can't be told.
        secret_of: returns its secret.
    """

    role: str
    key: str
    held: str
    secret: str
    file: str
    module: str
    info: str
    sharing: str
    size: str
    ships: bool
    why_refused: Callable[[Settings], str]
    proves: Callable[[Settings], bool]
    look_options: Callable[[Settings], dict[str, Any]]
    apply_options: ApplyOptions
    holding: Callable[[Settings, Result], Holding | None]
    may_be_revoked: Callable[[Result], bool]
    way: Callable[[Settings], dict[str, Any]]
    wish: Callable[[Settings], dict[str, Any]]
    key_of: Callable[[Any], str]
    secret_of: Callable[[Any], str]

    @property
    def issuer(self) -> str:
        """The module that makes and revokes the tokens, by its full name."""
        return f"influxops.influxdb3.{self.role}"

    @property
    def items(self) -> str:
        """The key of that module's results under which the tokens are."""
        return f"{self.role}s"
