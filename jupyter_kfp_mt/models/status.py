"""The connection, the rights, the doctor and the embedded server."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Literal

import msgspec

from ..errors import ErrorBody


class EmbeddedMode(str, Enum):
    """When the embedded server may start: after asking, automatically, or never."""

    ASK = "ask"
    AUTO = "auto"
    OFF = "off"


class Caution(msgspec.Struct, frozen=True):
    """A warning; nothing is blocked by it."""

    code: str  # "namespace-mismatch", "context-json-stale", "userid-header", "token-late"
    message: str
    forget: str = ""  # label of the button that removes the cause from the SDK's `context.json`


SavedPart = Literal["namespace", "header"]  # a part that can be removed from the SDK's `context.json`


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Identity, place and health of the connection: the four lines of `%kfp`, the head of the panel."""

    connected: bool
    namespace: str = ""
    namespaces: list[str] = []  # namespaces known to be usable
    identity: str = ""
    can_run: bool | None = None  # None until known
    endpoint: str = ""
    kfp_version: str = ""
    multi_user: bool = False
    embedded: bool = False
    can_start_embedded: bool = False
    source: str = ""  # one sentence on the origin of the namespace
    credential: str = ""  # the file it is read from; empty if none is sent
    token_expires_at: datetime | None = None
    running: int | None = None  # None where runs are not counted
    failed_today: int | None = None  # started today; those that were terminated do not count
    error: ErrorBody | None = None
    warnings: list[Caution] = []
    notebook: str = ""  # the Kubeflow notebook that this server runs in
    outlives_pod: bool = False  # whether this package is in the home folder, which a new pod keeps
    version: str = ""  # of this package


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A right that somebody has in a namespace."""

    who: str  # a person, `sa NAMESPACE/NAME` or `group NAME`
    role: str  # "owner", "admin", "edit" or "view"; "role NAME" for one that cannot be read
    origin: str  # "profile", "contributor" or "RoleBinding NAME"


class AccessList(msgspec.Struct, frozen=True, kw_only=True):
    """Who has access to a namespace, as far as we may know."""

    namespace: str
    grants: list[Grant] = []
    unread: str = ""  # a sentence on what is not known; empty: this is all


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are, and who else has access to our namespace."""

    status: Status
    access: AccessList


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check of the doctor."""

    name: str
    level: str  # "ok", "warning", "error", "skipped"
    evidence: str
    error: ErrorBody | None = None


class DoctorReport(msgspec.Struct, frozen=True, kw_only=True):
    """The doctor's checks in order, and the root cause."""

    checks: list[Check] = []
    cause: ErrorBody | None = None
    who: str = ""  # who can take the next step: "you", "an admin", "an owner of team-a"
    text: str = ""  # the whole report as Markdown, without credentials

    @property
    def exit_code(self) -> int:
        """0 for healthy, 1 for warnings, 3 for broken."""
        levels = {check.level for check in self.checks}
        return 3 if "error" in levels else 1 if "warning" in levels else 0


# How the callers of an embedded server show that they may use it: by a token, as processes of the server's
# own user, or not at all.
Access = Literal["token", "user", "open"]


class RuntimeFile(msgspec.Struct, frozen=True, kw_only=True):
    """The address of a running embedded server: `runtime.json` (mode 0600) in its data folder."""

    url: str
    pid: int
    namespace: str  # the profile named after the user
    token_path: str  # file with a token for that namespace, which the server renews
    owner_key: str  # opens the server's administration routes
    version: str
    multi_user: bool = True
    access: Access = "token"
    options: list[str] = []  # arguments for a server that takes its place

    def __repr__(self) -> str:
        """Leave out the key: failing tests and tracebacks print this."""
        return f"RuntimeFile(url={self.url!r}, pid={self.pid}, namespace={self.namespace!r})"
