"""How a phase looks: its word, text sign, icon and colour."""

from __future__ import annotations

from typing import NamedTuple

from ..models import Phase
from ..plain_text import clean


class PhaseLabel(NamedTuple):
    """Word, text sign and icon of a phase, and the colour of its sign in a terminal (SGR)."""

    word: str
    sign: str
    icon: str
    colour: str


PHASE_LABELS: dict[Phase, PhaseLabel] = {
    Phase.PENDING: PhaseLabel("Pending", "○", "pending", "2"),
    Phase.RUNNING: PhaseLabel("Running", "◐", "running", "34"),
    Phase.SUCCEEDED: PhaseLabel("Succeeded", "✓", "succeeded", "32"),
    Phase.FAILED: PhaseLabel("Failed", "✗", "failed", "31"),
    Phase.CANCELING: PhaseLabel("Canceling", "◱", "canceling", "33"),
    Phase.CANCELED: PhaseLabel("Canceled", "■", "canceled", "2"),
    Phase.SKIPPED: PhaseLabel("Skipped", "⤼", "skipped", "2"),
    Phase.PAUSED: PhaseLabel("Paused", "‖", "paused", "33"),
    Phase.CACHED: PhaseLabel("From cache", "⧉", "cached", "32"),
    Phase.UNKNOWN: PhaseLabel("Unknown", "?", "unknown", "2"),
    Phase.UNCONFIRMED: PhaseLabel("Not confirmed", "⌛", "unconfirmed", "33"),
}


def label_of(phase: Phase, raw: str = "") -> PhaseLabel:
    """Return the label of `phase`; that of an unknown phase shows KFP's `raw` state."""
    label = PHASE_LABELS[phase]
    return label._replace(word=f"Unknown (“{clean(raw)}”)") if phase is Phase.UNKNOWN and raw else label
