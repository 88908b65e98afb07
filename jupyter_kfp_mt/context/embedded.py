"""Detects the embedded server by its runtime file, without importing it."""

from __future__ import annotations

from pathlib import Path

from ..auth import TokenFile
from ..models import RuntimeFile
from ..names import NAMESPACE
from ..owner import STORE, is_served, read_runtime
from ..settings import KfpSettings
from .environment import Environment
from .model import Context


def from_embedded(env: Environment, settings: KfpSettings) -> Context | None:
    """Return the context of the embedded server, if one runs for this person."""
    runtime = find_runtime(env, settings)
    return embedded_context(runtime, settings) if runtime is not None else None


def find_runtime(env: Environment, settings: KfpSettings) -> RuntimeFile | None:
    """Return the runtime file of a live server, or None."""
    folder = Path(settings.data_dir).expanduser()
    runtime = read_runtime(folder)
    return runtime if runtime is not None and env.is_served(folder) else None


def embedded_context(runtime: RuntimeFile, settings: KfpSettings) -> Context:
    """Return the context of the server that `runtime` describes."""
    namespace = settings.namespace or runtime.namespace if runtime.multi_user else ""
    paths = _token_paths(Path(settings.data_dir).expanduser()) | {runtime.namespace: runtime.token_path}
    credentials = {
        name: TokenFile(Path(path), runtime.url, account="default-editor") for name, path in paths.items()
    }
    return Context(
        endpoint=runtime.url.rstrip("/"),
        namespace=namespace,
        credential=credentials.get(namespace, credentials[runtime.namespace]),
        kind="embedded",
        source="from the settings" if settings.namespace else "from the embedded server",
        embedded=True,
        timeout=settings.request_timeout_s,
        profile_credentials=credentials if runtime.multi_user else {},
        folder=str(Path(settings.data_dir).expanduser().resolve()),
    )


def has_stopped(env: Environment, settings: KfpSettings) -> bool:
    """Whether an embedded server has served the folder of the settings, and none does now."""
    folder = Path(settings.data_dir).expanduser()
    return (folder / STORE).is_file() and not env.is_served(folder)


def is_gone(context: Context) -> bool:
    """Whether `context` is of an embedded server that has stopped since."""
    return bool(context.embedded and context.folder) and not is_served(Path(context.folder))


def lacks_profiles(context: Context) -> bool:
    """Whether profiles were added to or removed from the embedded server since `context` was found."""
    known = context.profile_credentials
    files = [each.path for each in known.values() if isinstance(each, TokenFile)]
    return bool(known) and (
        not _token_paths(Path(context.folder)).keys() <= known.keys()
        or not all(file.exists() for file in files)
    )


def _token_paths(folder: Path) -> dict[str, str]:
    """Return the token files that the server keeps for its profiles."""
    paths = {path.name.removeprefix("token-"): str(path) for path in folder.glob("token-*")}
    return {name: path for name, path in paths.items() if NAMESPACE.fullmatch(name)}
