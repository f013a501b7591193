# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts Ansible's programs in forks of a process that has imported the libraries which they need.

It has imported nothing of Ansible's: each fork does so itself, in its own environment, as a new process does. Two
things that are the same in every run are made once: what Ansible's own YAML files say, and the archives of modules. Run
as a program, this is that process: a job as a JSON line, two answers (the fork's process ID, and how it ended).
"""

from __future__ import annotations

import gc
import hashlib
import importlib.util
import io
import json
import os
import pickle
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import yaml

ARCHIVES = "RESULTS_ARCHIVES"
"""The variable that tells the callback `results` where the archives of modules are kept."""


class Warm:
    """The process that forks; a context manager. It starts with the first run, in `environment`.

    What Python itself reads from the environment at its start holds for all forks. A run in which that differs gets a
    process of its own, as does one that is asked for while another is under way.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._free = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Warm:
        self._directory = tempfile.TemporaryDirectory(prefix="influxdb3-warm-")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._directory.cleanup()

    def run(self, words: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
        """Run `python -m ansible` with the words; return its exit code, negative for a signal, stdout and stderr."""
        if _at_start(environment) != _at_start(self._environment) or not self._free.acquire(blocking=False):
            return run_alone(sys.executable, words, cwd, environment)
        try:
            with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
                environment = {**environment, ARCHIVES: str(self._archives(environment))}
                return self._fork(words, cwd, environment, stdout, stderr), _text(stdout), _text(stderr)
        finally:
            self._free.release()

    def _archives(self, environment: Mapping[str, str]) -> Path:
        """Return where runs with the same collections keep the archives of modules that they have built.

        Ansible's names for them don't say where a module comes from. Only one run at a time looks there: 2.16 locks
        what it writes against its own processes alone.
        """
        collections = environment.get("ANSIBLE_COLLECTIONS_PATH", "")
        directory = Path(self._directory.name, hashlib.sha256(collections.encode()).hexdigest())
        directory.mkdir(exist_ok=True)
        return directory

    def _fork(
        self, words: Sequence[str], cwd: Path, environment: Mapping[str, str], stdout: IO[bytes], stderr: IO[bytes]
    ) -> int:
        if self._process is None:
            self._start()
        job = {"words": [*words], "cwd": str(cwd), "environment": dict(environment)}
        line = json.dumps(job).encode() + b"\n"
        pid = None
        try:
            socket.send_fds(self._socket, [b"\0"], [stdout.fileno(), stderr.fileno()])
            self._socket.sendall(line)
            pid = int(self._answers.readline())
            return int(self._answers.readline())
        except BaseException:
            # Such as the end of the time that the test may take.
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._end()
            raise

    def _start(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=self._environment,
            )
        self._answers = self._socket.makefile("rb")

    def _end(self) -> None:
        if self._process is not None:
            self._answers.close()
            self._socket.close()
            self._process.wait()
            self._process = None


def run_alone(python: str, words: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run Ansible in a process that begins from nothing; return its exit code, stdout and stderr."""
    return _finished([python, "-m", "ansible", *words], cwd, environment)


def _finished(command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a command with nothing on stdin; return its exit code, stdout and stderr."""
    streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    process = subprocess.run(command, cwd=cwd, env=environment, check=False, **streams)
    return process.returncode, process.stdout, process.stderr


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(("PYTHON", "LANG", "LC_"))}


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def import_libraries(names: Sequence[str]) -> None:
    """Import those of the Python modules that are not Ansible's, in the order in which a run imports them."""
    for name in names:
        if not name.startswith("ansible"):
            # Some end the program or print something. A fork that needs such a module meets its error again.
            with suppress(Exception, SystemExit), redirect_stderr(io.StringIO()):
                importlib.import_module(name)


def keep_documents(paths: Iterable[Path]) -> None:
    """Have `yaml.load` parse files of YAML now and not again: it knows them by their text, and returns a new copy.

    Ansible reads its settings and the names that its plugins once had, half a megabyte, at every start.
    """
    original: Any = yaml.load
    loaders = [getattr(yaml, name) for name in ("CSafeLoader", "CBaseLoader") if hasattr(yaml, name)]
    texts = [path.read_bytes() for path in paths]
    kept = {(loader, text): pickle.dumps(original(text, loader)) for loader in loaders for text in texts}

    def load(stream: Any, Loader: Any) -> Any:
        text = stream
        if Loader in loaders and isinstance(stream, io.IOBase) and stream.seekable():
            text = stream.read()
            stream.seek(0)
        document = kept.get((Loader, text.encode() if isinstance(text, str) else text))
        return pickle.loads(document) if document else original(stream, Loader)

    yaml.load = load


def _settings_of_ansible() -> list[Path]:
    """Return the YAML files in which Ansible describes itself."""
    package = importlib.util.find_spec("ansible")
    directories = package.submodule_search_locations if package else None
    return [path for directory in directories or () for path in Path(directory, "config").glob("*.yml")]


def _imported_by_ansible() -> list[str]:
    """Return the Python modules that ansible-playbook imports when it starts, in that order."""
    question = "import ansible.cli.playbook, sys; print(*sys.modules)"
    # With streams of its own: Ansible refuses those that a program such as ssh has set not to block.
    code, stdout, stderr = _finished([sys.executable, "-c", question], Path(), os.environ)
    if code != 0:
        raise RuntimeError(f"Ansible can't be imported:\n{stderr}")
    return stdout.split()


def _run(job: dict[str, Any], streams: Sequence[int]) -> None:
    """Become `python -m ansible`, in the fork."""
    for number, stream in zip((1, 2), streams, strict=True):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(job["environment"])
    time.tzset()
    os.chdir(job["cwd"])
    tempfile.tempdir = None
    # A run is over before there is garbage worth the time that looking for it takes: a thirteenth of the whole.
    gc.disable()
    sys.path.insert(0, job["cwd"])
    sys.argv[1:] = job["words"]
    runpy.run_module("ansible", run_name="__main__", alter_sys=True)


def _serve(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork for each job until there are no more. Returns in the fork with the job, otherwise with None."""
    jobs = connection.makefile("rb")
    while True:
        _, streams, _, _ = socket.recv_fds(connection, 1, 2)
        if not streams:
            return None
        line = jobs.readline()
        pid = os.fork()
        if pid == 0:
            jobs.close()
            connection.close()
            return json.loads(line), streams
        for stream in streams:
            os.close(stream)
        connection.sendall(b"%d\n" % pid)
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _main() -> None:
    # A process under nohup, or in the background of a script, inherits these signals as ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    connection = socket.socket(fileno=int(sys.argv.pop()))
    connection.set_inheritable(False)
    with warnings.catch_warnings(action="ignore"):
        import_libraries(_imported_by_ansible())
    keep_documents(_settings_of_ansible())
    gc.freeze()
    if work := _serve(connection):
        _run(*work)


if __name__ == "__main__":
    # Not the directory of this file, whose names would hide others.
    sys.path.pop(0)
    _main()
