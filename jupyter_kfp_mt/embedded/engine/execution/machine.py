"""What tasks get of the machine: their environment, and the folders that they see, may write or only read."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ...environment import make_task_environment

_INSTALLS = Path(__file__).parents[1] / "worker" / "installs.py"
# Programs that change the machine, and the words of their command line that do so.
_INSTALLERS = {
    **dict.fromkeys(
        ("apt", "apt-get"),
        "install|reinstall|remove|purge|autoremove|update|upgrade|dist-upgrade|full-upgrade|build-dep",
    ),
    **dict.fromkeys(("conda", "mamba", "micromamba"), "install|create|env|remove|uninstall|update|upgrade"),
}
_STAND_IN = r"""#!/bin/sh
# In place of a program that changes the machine. Anything else is passed on to it.
own=${0%/*} name=${0##*/}
case " $* " in *" -p "* | *" --prefix"*) ;; *)
  for word in "$@"; do
    case "$word" in WORDS)
      echo "$name $word changes this machine for everybody, so a task may not do it." \
        "Name a Python package in packages_to_install of the component; ask an admin for anything else." >&2
      exit 1 ;;
    esac
  done ;;
esac
IFS=:
for folder in $PATH; do
  if [ "$folder" != "$own" ] && [ -x "$folder/$name" ]; then exec "$folder/$name" "$@"; fi
done
echo "$name: not found" >&2
exit 127
"""
_INTERPRETER = r"""#!/bin/sh
# The Python of the environment of a task, see installs.py.
own=$KFP_TASK_FOLDER/bin/task-python
[ -x "$own" ] || MAKE "$KFP_TASK_FOLDER" || exit
exec "$own" "$@"
"""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What every task gets."""

    environment: Mapping[str, str]
    interpreter: str = ""  # the Python of a task's own environment
    shown: list[str] = []  # paths that a task needs, though they may be where it sees its own folders
    writable: list[str] = []  # folders that it may write, though they may be in one that it may only read
    protected: list[str] = []  # folders that it may only read

    def which(self, program: str) -> str | None:
        """Find a program as tasks do."""
        return shutil.which(program, path=self.environment.get("PATH"))


def prepare_machine(environ: Mapping[str, str], folder: Path) -> Machine:
    """Return what tasks get of a server with this environment and data folder, and make their programs."""
    environment = make_task_environment(environ)
    environment.pop("TMPDIR", None)  # a task has its own
    # `python3` is the server's, also when its environment is not activated.
    path = os.pathsep.join([os.path.dirname(sys.executable), environment.get("PATH", os.defpath)])
    environment["PATH"] = path
    named = [entry for value in environment.values() for entry in value.split(":") if os.path.isabs(entry)]
    programs = folder / "programs"
    programs.mkdir(exist_ok=True, mode=0o700)
    make = shlex.join([sys.executable, "-I", str(_INSTALLS)])
    _write_program(programs / "task-python", _INTERPRETER.replace("MAKE", make))
    for name, words in _INSTALLERS.items():
        if shutil.which(name, path=path) is not None:
            _write_program(programs / name, _STAND_IN.replace("WORDS", words.replace("|", " | ")))
    writable = [str(folder), os.path.expanduser("~")]
    return Machine(
        environment=environment,
        interpreter=str(programs / "task-python"),
        shown=_resolve([*writable, *named]),
        writable=_resolve(writable),
        protected=_resolve([str(folder / "packages"), str(programs)]),
    )


def _write_program(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.chmod(0o700)
    draft.replace(path)


def _resolve(paths: list[str]) -> list[str]:
    return sorted({os.path.realpath(path) for path in paths})
