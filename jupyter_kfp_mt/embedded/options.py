"""The options of the server: arguments of its process, and back, for a server that takes its place."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from ..bounds import HELP, RunBounds, make_option
from .listening import HIGHEST_PORT
from .tenants import SharedPipelines


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the server."""

    data: Path
    port: int = 0
    namespace: str = ""
    multi_user: bool = True
    identity_header: str = ""
    shared_pipelines: SharedPipelines = "all"
    open: bool = False  # without tokens: for every user of this machine
    allowed_hosts: frozenset[str] = frozenset()
    allowed_origins: frozenset[str] = frozenset()
    idle_seconds: float = 0
    bounds: RunBounds = RunBounds()
    recover: bool = False

    def to_arguments(self) -> list[str]:
        """Return the arguments for a server that takes its place: all but folder, port and idle time."""
        return [
            *(["--namespace", self.namespace] if self.namespace else []),
            *([] if self.multi_user else ["--single-user"]),
            *(["--open"] if self.open else []),
            *(["--identity-header", self.identity_header] if self.identity_header else []),
            *(["--shared-pipelines", self.shared_pipelines] if self.shared_pipelines != "all" else []),
            *(["--allowed-hosts", ",".join(sorted(self.allowed_hosts))] if self.allowed_hosts else []),
            *(["--allowed-origins", ",".join(sorted(self.allowed_origins))] if self.allowed_origins else []),
            *self.bounds.to_arguments(),
        ]


def parse_options(arguments: list[str] | None, description: str | None) -> Options:
    """Parse the arguments of the process; ends it with a usage message when they are wrong."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_kfp_mt.embedded", description=description)
    parser.add_argument("--data", type=_folder, required=True, help="folder of the store and all files")
    parser.add_argument("--port", type=_port, default=0, help="0 = a free port, the last one if possible")
    parser.add_argument("--namespace", default="", help="the first profile; default: the user's name")
    parser.add_argument("--single-user", action="store_true", help="no tenants; for processes of this user")
    parser.add_argument("--open", action="store_true", help="without tokens: for every user of this machine")
    parser.add_argument(
        "--identity-header",
        default="",
        help="trust this header as the user's name; only behind a front that sets it",
    )
    parser.add_argument(
        "--shared-pipelines",
        choices=("all", "owner"),
        default="all",
        help="who may upload pipelines without a namespace: every tenant, or the first profile",
    )
    parser.add_argument(
        "--allowed-hosts",
        type=_names,
        default=frozenset(),
        metavar="HOST,…",
        help="further names in Host that are served, for a front such as the KFP UI",
    )
    parser.add_argument(
        "--allowed-origins",
        type=_names,
        default=frozenset(),
        metavar="ORIGIN,…",
        help="origins (http://HOST:PORT) whose pages may call",
    )
    parser.add_argument(
        "--idle-minutes", type=float, default=0, help="stop after so many minutes without work; 0 = never"
    )
    for name, value in RunBounds()._asdict().items():
        parser.add_argument(make_option(name), type=int, default=value, help=HELP[name])
    parser.add_argument(
        "--recover", action="store_true", help="bring back all folders of runs from `removed/`"
    )
    parsed = parser.parse_args(arguments)
    return Options(
        data=parsed.data,
        port=parsed.port,
        namespace=parsed.namespace,
        multi_user=not parsed.single_user,
        identity_header=parsed.identity_header,
        shared_pipelines=parsed.shared_pipelines,
        open=parsed.open,
        allowed_hosts=parsed.allowed_hosts,
        allowed_origins=parsed.allowed_origins,
        idle_seconds=parsed.idle_minutes * 60,
        bounds=RunBounds(*(getattr(parsed, name) for name in RunBounds._fields)),
        recover=parsed.recover,
    )


def _folder(text: str) -> Path:
    """Return the folder of this name; an empty name would be the folder the server is started in."""
    if not text:
        raise argparse.ArgumentTypeError("a folder needs a name")
    return Path(text)


def _names(text: str) -> frozenset[str]:
    """Return the names in a list with commas, as they are compared."""
    return frozenset(name.strip().lower().rstrip("/") for name in text.split(",") if name.strip())


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return int(text)
