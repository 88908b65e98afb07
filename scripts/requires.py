"""Print requirements from `pyproject.toml`, one a line, for pip: those of the build, or those of development.

Python 3.10 has no TOML reader of its own and this runs before anything is installed, so pip's is used there.
"""

import sys
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:
    from pip._vendor import tomli as tomllib

pyproject = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
project = pyproject["project"]


def development() -> list[str]:
    """Return what the package, its extras and its tests need, without the package itself."""
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    return [each for each in (*project["dependencies"], *extras) if not each.startswith(project["name"])]


chosen = pyproject["build-system"]["requires"] if sys.argv[1] == "build" else development()
sys.stdout.write("\n".join(chosen) + "\n")
