"""What the recorded cluster refuses, in our words."""

from __future__ import annotations

DENIED = "No right to read logs in alice. system:serviceaccount:alice:default-editor may not get pods/log."
