"""Where a task installs packages: a Python environment of its own, over the server's.

Standard library only. Every pip from 22.3 on runs in this environment, whoever calls it and by which path
(PIP_PYTHON), and so does uv (UV_PYTHON): it installs there, takes what the server has as given, and never
uninstalls that, as it is outside. PYTHONPATH shows the packages to all Pythons of the task. The environment
is made when it is first asked for, and ends with the attempt.

`python installs.py FOLDER` makes it in the folder of an attempt; `programs/task-python` calls that.
"""

from __future__ import annotations

import functools
import os
import site
import subprocess
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

_PIP_MAIN = "pip._internal.cli.main"  # what `pip.main` and all scripts of pip call


@functools.cache
def list_shared() -> list[str]:
    """Return the folders of the server's Python environment, which all tasks share."""
    return sorted(
        {os.path.realpath(folder) for folder in (sys.prefix, sys.base_prefix, *_list_site_folders())}
    )


def find_packages(folder: str) -> str:
    """Return the folder of packages of an environment in `folder`."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return os.path.join(folder, "lib", version, "site-packages")


def add_variables(environment: dict[str, str], folder: str, interpreter: str) -> str:
    """Add the variables that lead to an environment in `folder`; returns its folder of packages.

    What the pipeline has set stays.
    """
    packages = find_packages(folder)
    environment["KFP_TASK_FOLDER"] = folder
    environment.setdefault("PIP_PYTHON", interpreter)
    environment.setdefault("UV_PYTHON", interpreter)
    first = [os.path.join(folder, "bin"), os.path.dirname(interpreter)]
    for name, entries in (("PATH", first), ("PYTHONPATH", [packages])):
        environment[name] = ":".join([*entries, *filter(None, [environment.get(name, "")])])
    return packages


def make_environment(folder: str) -> None:
    """Make the environment; does nothing if another process is making it or has."""
    base: str = sys._base_executable  # type: ignore[attr-defined] # as venv does
    os.makedirs(os.path.join(folder, "bin"), exist_ok=True)
    # `no` means false to Python, and nothing to pip, which refuses `--user` otherwise; the last line of
    # `server.pth` leads that to this environment.
    settings = f"home = {os.path.dirname(base)}\ninclude-system-site-packages = no\n"
    start = f"import os, site; list(map(site.addsitedir, {_list_site_folders()!a})); "
    start += f"os.environ['PYTHONUSERBASE'] = {folder!a}; site.ENABLE_USER_SITE = True\n"
    _write(os.path.join(folder, "pyvenv.cfg"), settings)
    _write(os.path.join(find_packages(folder), "server.pth"), start)
    # Last: it says that all is there. Not named `python`: only pip and uv shall find it.
    draft = os.path.join(folder, "bin", f"task-python.{os.getpid()}")
    os.symlink(base, draft)
    os.replace(draft, os.path.join(folder, "bin", "task-python"))


def _write(path: str, text: str) -> None:
    draft = f"{path}.{os.getpid()}"
    with open(draft, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(draft, path)


def _list_site_folders() -> list[str]:
    own = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [folder for folder in (*own, *site.getsitepackages()) if os.path.isdir(folder)]


class PipFinder:
    """Gives a component that calls pip's `main` one that runs pip as a program.

    In a process of the server's Python, `main` would leave for that program and end the component, unnoticed.
    """

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """Return this finder as the loader of the module with pip's `main`."""
        return ModuleSpec(name, self) if name == _PIP_MAIN else None  # type: ignore[arg-type] # it is a loader

    def create_module(self, _spec: ModuleSpec) -> None:
        """Let Python make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill the module."""
        module.main = _run_pip  # type: ignore[attr-defined]


def _run_pip(arguments: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    return subprocess.call([sys.executable, "-m", "pip", *words])


if __name__ == "__main__":
    make_environment(sys.argv[1])
