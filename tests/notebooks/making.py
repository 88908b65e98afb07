"""Makes notebooks for tests."""

from __future__ import annotations

from typing import Any


def make_notebook(*sources: str, tagged: int = 0, notebook_id: str = "") -> dict[str, Any]:
    """Return a Python notebook of code cells; the cell with the number `tagged` has the parameters."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata: dict[str, Any] = {"kernelspec": spec, "language_info": {"name": "python", "version": "3.11.7"}}
    if notebook_id:
        metadata["jupyter_kfp_mt"] = {"id": notebook_id}
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {"tags": ["parameters"]} if number == tagged else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources, 1)
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
