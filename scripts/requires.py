"""Print the requirements of the build from `pyproject.toml`, one a line, for pip.

Python 3.10 has no TOML reader of its own and this runs before anything is installed, so pip's is used.
"""

import sys
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:
    from pip._vendor import tomli as tomllib

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
sys.stdout.write("\n".join(project["build-system"]["requires"]) + "\n")
