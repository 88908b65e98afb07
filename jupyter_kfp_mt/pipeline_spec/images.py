"""What can be said of the images of a pipeline without asking a registry."""

from __future__ import annotations

import re

# github.com/distribution/reference, regexp.go: host, path, tag and digest of a reference
_LABEL = r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*(?::\d+)?/"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_DIGEST = r"@[A-Za-z][\w+.-]*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"(?:{_HOST})?{_PART}(?:/{_PART})*(?P<tag>:\w[\w.-]{{0,127}})?(?P<digest>{_DIGEST})?", re.ASCII
)
_LONGEST = 512  # characters
_PLACEHOLDER = "{{"  # KFP and Argo put the name in when the task starts


def describe_image(image: str) -> str:
    """Return what a person should know of `image` before a run; empty if there is nothing to say."""
    if _PLACEHOLDER in image:
        return ""
    match = _REFERENCE.fullmatch(image) if len(image) <= _LONGEST else None
    if match is None:
        return f"“{image[:100]}” is not the name of an image."
    if match["digest"] or match["tag"] not in (None, ":latest"):
        return ""
    return f"Image {image} may change between runs."
