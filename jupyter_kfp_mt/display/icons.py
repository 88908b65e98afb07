"""The state icons as inline SVG; colours come from JupyterLab's theme, with fallbacks for other pages."""

from __future__ import annotations

_GREY, _BLUE, _GREEN, _RED, _ORANGE = (
    "var(--jp-ui-font-color2, #757575)",
    "var(--jp-brand-color1, #1976d2)",
    "var(--jp-success-color1, #388e3c)",
    "var(--jp-error-color1, #d32f2f)",
    "var(--jp-warn-color0, #e65100)",
)
_RING = "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1m0 1.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11"

_PATHS: dict[str, tuple[str, tuple[str, ...]]] = {
    "pending": (
        _GREY,
        (
            _RING,
            "M4 7h2v2H4zm3 0h2v2H7zm3 0h2v2h-2z",
        ),
    ),
    "running": (_BLUE, ("M8 1a7 7 0 1 1-7 7 1 1 0 0 1 2 0 5 5 0 1 0 5-5 1 1 0 0 1 0-2",)),
    "succeeded": (_GREEN, ("M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1m3.1 3.9L7 9 4.9 6.9 3.7 8.1 7 11.4l5.3-5.3z",)),
    "failed": (
        _RED,
        (
            "M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1zm.3 3.2L4.2 5.4 6.8 8l-2.6 2.6 1.2 1.2L"
            "8 9.2l2.6 2.6 1.2-1.2L9.2 8l2.6-2.6-1.2-1.2L8 6.8z",
        ),
    ),
    "canceling": (_ORANGE, ("M8 2h6v12H2V8h2v4h8V4H8z",)),
    "canceled": (_GREY, ("M3 2h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1",)),
    "skipped": (
        _GREY,
        (
            _RING,
            "M4 7.25h4.6L7.1 5.75l1.06-1.06L11.5 8l-3.34 3.31-1.06-1.06 1.5-1.5H4z",
        ),
    ),
    "paused": (
        _ORANGE,
        (
            _RING,
            "M5 5h2v6H5zm4 0h2v6H9z",
        ),
    ),
    "cached": (
        _GREEN,
        (
            "M6.5 4a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11m2.6 3.1L5.8 10.3 4.4 8.9 3.3 10l2.5 2.5 4.4-4.3z",
            "M9.5 1a5.5 5.5 0 0 1 4.3 8.93l-1.07-1.07A4 4 0 0 0 6.9 3.43L5.75 2.5A5.5 5.5 0 0 1 9.5 1",
        ),
    ),
    "unknown": (
        _GREY,
        (
            _RING,
            "M5.25 6.4a2.75 2.75 0 1 1 3.5 2.65V10h-1.5V7.65H8A1.25 1.25 0 1 0 6.75 6.4zM7.1 11h1.8v1.5H7.1z",
        ),
    ),
    "unconfirmed": (
        _ORANGE,
        (
            "M6.13 1.25A7 7 0 0 1 9.87 1.25L9.39 2.99A5.2 5.2 0 0 0 6.61 2.99zM12.11 2.33A7 7 0 0"
            " 1 14.44 5.25L12.78 5.96A5.2 5.2 0 0 0 11.05 3.79zM14.99 7.68A7 7 0 0 1 14.16 11.32L"
            "12.58 10.47A5.2 5.2 0 0 0 13.19 7.76zM12.61 13.27A7 7 0 0 1 9.24 14.89L8.92 13.12A5."
            "2 5.2 0 0 0 11.42 11.91zM6.76 14.89A7 7 0 0 1 3.39 13.27L4.58 11.91A5.2 5.2 0 0 0 7."
            "08 13.12zM1.84 11.32A7 7 0 0 1 1.01 7.68L2.81 7.76A5.2 5.2 0 0 0 3.42 10.47zM1.56 5."
            "25A7 7 0 0 1 3.89 2.33L4.95 3.79A5.2 5.2 0 0 0 3.22 5.96z",
        ),
    ),
    "warning": (_ORANGE, ("M8 1.2 15.5 14.5H.5zM7.2 6h1.6v4.2H7.2zm0 5.3h1.6v1.5H7.2z",)),
}


def icon_svg(name: str) -> str:
    """Return the icon `name` as SVG, hidden from screen readers, since its word always stands beside it."""
    colour, paths = _PATHS[name]
    drawn = "".join(
        f'<path fill-rule="evenodd" class="jp-icon-selectable" style="fill:{colour}" d="{path}"/>'
        for path in paths
    )
    return (
        f'<svg aria-hidden="true" width="16" height="16" viewBox="0 0 16 16" data-icon="{name}"'
        f' style="display:inline-block;flex:none;vertical-align:-3px">{drawn}</svg>'
    )
