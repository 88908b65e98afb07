"""Commands about the connection: status, doctor, namespaces."""

from __future__ import annotations

from ..errors import PROGRAM
from ..models import AccessList, DoctorReport, Identity, Status
from ..results import Text
from .grammar import argument, command, usage_error
from .session import Session


@command("")
def status(session: Session) -> Status:
    """Show the account, namespace, connection and running tasks."""
    return session.status()


@command("whoami")
def whoami(session: Session) -> Identity:
    """Show the account, and who else has access to the namespace."""
    known = session.status()
    if not known.connected or known.error is not None:
        return Identity(status=known, access=AccessList(namespace=known.namespace))
    return Identity(status=known, access=session.service().list_grants())


@command("doctor", argument("--report", action="store_true", help="as Markdown, to send to somebody"))
def doctor(session: Session, *, report: bool) -> DoctorReport | Text:
    """Check the connection step by step; the first real cause comes with its cure.

    No report holds a token, a cookie or a password.
    """
    found = session.examine()
    return Text(found.text) if report else found


@command(
    "use",
    argument("namespace", metavar="NAMESPACE", nargs="?", default="", help="where to work from now on"),
    argument("--default", action="store_true", help="back to the namespace that was found"),
)
def use(session: Session, *, namespace: str, default: bool) -> Status:
    """Work in another namespace, for this kernel only."""
    if bool(namespace) == default:
        raise usage_error(
            "Which namespace?", next_step=f"{PROGRAM} use NAMESPACE, or {PROGRAM} use --default"
        )
    return session.use(namespace)


@command("namespaces")
def namespaces(session: Session) -> list[str]:
    """List the namespaces known to be usable."""
    return session.status().namespaces
