"""Kubeflow Pipelines in Jupyter, which finds your namespace, your token and your runs by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .connection import connect as connect

__version__ = "0.1.0"
__all__ = ["__version__", "connect"]


def __getattr__(name: str) -> Any:
    """Import what a user asks for when it is asked for: the import of this package stays light."""
    if name == "connect":
        from .connection import connect

        return connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return what users import from here, for Tab."""
    return __all__


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Register `%kfp` and `%%kfp` (`%load_ext jupyter_kfp_mt`)."""
    from .magics import register

    register(ipython)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-kfp-mt"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .server.app import KfpExtension

    return [{"module": "jupyter_kfp_mt", "app": KfpExtension}]
