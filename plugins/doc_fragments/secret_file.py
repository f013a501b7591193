# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that keep a token's secret."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of `module_utils/_tokens/wishes.py:SECRET_FILE_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  # texts.yml: secret-file-options
  secret_file:
    description:
      - Path of a JSON file where the module runs, in which the token's secret is kept. The keys are C(id),
        C(description), C(token), C(created_at) and C(expires_at), so that C(lookup('file', path) | from_json) reads it.
      - The file is written atomically with mode 0600 before the module returns, its missing directories are created
        with mode 0700. Whether it can be written is proved before a token is made. A file that isn't of this form, or
        that belongs to somebody else, is never overwritten, and symbolic links of others are not followed.
      - It must be the name of a file. An empty path is refused, because the secret would be lost.
      - It is replaced by renaming another file. A container that shall see it must have its directory mounted, not the
        single file.
      - While a token is being made, there are the hidden files C(.NAME.pending) and C(.NAME.new) beside it. A second
        run with the same file waits for the first, looks again, and takes the token that was made. If the first is at
        work for more than two minutes, the second fails with the code C(busy).
      - If it holds the secret of an active token of the description, that token is the current one.
      - The file stays when the token is revoked.
    type: path
  owner:
    description: Name or number of the user who shall own O(secret_file). Without it the user who runs the module.
    type: str
  group:
    description: Name or number of the group that shall own O(secret_file).
    type: str
  return_secret:
    description:
      - Whether the secret is returned although it is in O(secret_file), also when nothing was created. Set C(no_log) on
        the task then.
      - Without O(secret_file) the secret of a new token is returned in any case, this once.
    type: bool
    default: false
  on_lost_secret:
    description:
      - What to do if O(secret_file) is given and the server has an active token, but the file doesn't hold its secret.
      - V(fail) changes nothing and says how to proceed; V(reissue) makes a new token; V(ignore) leaves everything as it
        is.
      - A run that is cut off between making a token and writing the file leaves such a token. A database token is found
        and revoked by the next run. A management token can't be told from one that somebody uses, so the next run fails
        with the code C(lost_secret); V(reissue) with O(revoke_superseded=true) makes a new token in its place.
    type: str
    choices: [fail, reissue, ignore]
    default: fail
  # texts.yml ends
"""
