"""Renders the report as Markdown to show to an admin, without credentials."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

import msgspec

from .. import __version__
from ..client.responses import mask_tokens
from ..errors import ErrorBody
from ..models import Check, DoctorReport

_SIGNS = {"ok": "✓", "warning": "!", "error": "✗", "skipped": "–"}
_PACKAGES = ("jupyterlab", "jupyter_server", "kfp", "kubernetes", "requests", "urllib3")
_SHORTEST = 6  # characters; a shorter secret would blacken half the words


class Scrubber:
    """Removes `secrets`, and whatever looks like a token, from rows."""

    def __init__(self, secrets: Sequence[str]) -> None:
        parts = [part for secret in secrets for part in (secret, *secret.replace(";", " ").split())]
        parts += [part.partition("=")[2] for part in parts if "=" in part]
        self._hidden = sorted({part for part in parts if len(part) >= _SHORTEST}, key=len, reverse=True)

    def row(self, row: Check) -> Check:
        """Return `row` without secrets."""
        error = row.error
        if error is not None:
            error = ErrorBody(**{name: self._text(getattr(error, name)) for name in error.__struct_fields__})
        return Check(name=row.name, level=row.level, evidence=self._text(row.evidence), error=error)

    def _text(self, text: str) -> str:
        for secret in self._hidden:
            text = text.replace(secret, "(secret)")
            for start in range(1, len(secret) - _SHORTEST if "…" in text else 0):
                text = text.replace(f"…{secret[start:]}", "…(secret)")  # of a response that was shortened
        return mask_tokens(text)


def add_text(report: DoctorReport, at: datetime) -> DoctorReport:
    """Return `report` with its text in Markdown."""
    lines = [f"# jupyter_kfp_mt {__version__}: doctor", "", f"{at:%Y-%m-%d %H:%M:%S UTC}, {_versions()}", ""]
    cause = report.cause
    if cause is not None:
        lines += [f"**{cause.message}** (`{cause.code}`)  ", f"{cause.why}  ", f"{cause.next}", ""]
        lines += ["```sh", cause.command, "```", ""] if cause.command else []
        lines += [f"Who can do it: {report.who}.", ""] if report.who else []
    lines += ["| | check | found | code |", "|---|---|---|---|"]
    for row in report.checks:
        code = f"`{row.error.code}`" if row.error else ""
        cells = (_SIGNS[row.level], row.name, row.evidence, code)
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return msgspec.structs.replace(report, text="\n".join(lines) + "\n")


def _versions() -> str:
    versions = [f"Python {platform.python_version()}"]
    for name in _PACKAGES:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(versions)
