"""What an import costs: a cold process each."""

from __future__ import annotations

from .processes import costs
from .table import Row, milliseconds, times


def rows() -> list[Row]:
    """Compare the import of this package with that of the SDK."""
    ours, sdk = costs(["import jupyter_kfp_mt", "import kfp"], rounds=5)
    return [
        Row(
            "import, whole process",
            f"{milliseconds(ours.seconds)}, {ours.mebibytes:.0f} MiB",
            f"kfp {milliseconds(sdk.seconds)}, {sdk.mebibytes:.0f} MiB",
            times(sdk.seconds, ours.seconds),
        )
    ]
