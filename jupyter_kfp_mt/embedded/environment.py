"""The environments of the server, of its tasks and of what runs between them: made, never handed down.

Every process can read the environment that its ancestors were started with (`/proc/<pid>/environ`), and the
Jupyter server that starts ours has tokens in its own: JUPYTERHUB_API_TOKEN, keys of clouds. So each process
gets the variables that it needs by name, and a core file has no other ones either.
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Mapping

_TASK = frozenset(
    {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "CUDA_VISIBLE_DEVICES",
        "PYTHONHOME",
        "PYTHONPATH",
        "PYTHONUSERBASE",
        "PYTHONNOUSERSITE",
    }
)
_EITHER_CASE = frozenset({"http_proxy", "https_proxy", "no_proxy", "all_proxy"})
_SERVER = frozenset({"JUPYTER_KFP_MT_EXECUTOR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"})


def make_task_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for tasks and what starts them: programs, network, locale, time zone."""
    kept = {name: value for name, value in environ.items() if _is_for_tasks(name)}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "_KFP_RUNTIME": "true"}


def make_server_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for the server and for pip: those of tasks, and pip's own settings."""
    return {
        name: value
        for name, value in environ.items()
        if _is_for_tasks(name) or name in _SERVER or name.startswith("PIP_")
    }


def prevent_core_files() -> None:
    """Let neither this process nor its children leave core files, which hold memory and environment."""
    with contextlib.suppress(ValueError, OSError):  # a limit below the present one is always allowed
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _is_for_tasks(name: str) -> bool:
    return name in _TASK or name.startswith("LC_") or name.lower() in _EITHER_CASE
