"""The cost of an import in a cold process."""

from __future__ import annotations

from .processes import measure_costs
from .table import Row, format_ms, format_ratio


def measure() -> list[Row]:
    """Compare the import of this package with that of the SDK."""
    ours, sdk = measure_costs(["import jupyter_kfp_mt", "import kfp"], rounds=5)
    return [
        Row(
            "import, whole process",
            f"{format_ms(ours.seconds)}, {ours.mebibytes:.0f} MiB",
            f"kfp {format_ms(sdk.seconds)}, {sdk.mebibytes:.0f} MiB",
            format_ratio(sdk.seconds, ours.seconds),
        )
    ]
