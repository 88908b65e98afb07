"""Authenticates callers and decides what they may do: profiles, roles, service accounts and signed tokens.

A profile is a namespace. Each has the accounts `default-editor` and `default-viewer`; a contributor is
another profile's `default-editor` (or, behind a trusted front, a user name). The rights of a role are those
of the cluster roles in KFP's `manifests/kustomize/base/installs/multi-user/view-edit-cluster-roles.yaml`.
The namespace `kubeflow` holds shared pipelines, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from ..names import NAMESPACE, OBJECT_NAME
from ..owner import OWNER_HEADER
from ..proof import make_proof
from .errors import UNAUTHENTICATED, ApiError
from .store import Store
from .store.tenants import ProfileRow

AUDIENCE = "pipelines.kubeflow.org"
ISSUER = "https://embedded.jupyter-kfp-mt"
SHARED = "kubeflow"
EDITOR, VIEWER = "default-editor", "default-viewer"
ANONYMOUS = "system:anonymous"
MOST_KEYS, LARGEST_DATA = 100, 1024 * 1024
LONGEST_TOKEN = 365 * 24 * 3600

SharedPipelines = Literal["all", "owner"]  # who may upload them

_HEADER = b'{"alg":"HS256","typ":"JWT"}'
_SUBJECT = "system:serviceaccount:"
_READ = frozenset({"get", "list"})
_VIEW = {
    "pipelines": _READ,
    "experiments": _READ,
    "jobs": _READ,
    "runs": _READ | {"readArtifact"},
    "visualizations": frozenset({"create"}),
    "viewers": frozenset({"create", "get", "delete"}),
}
_EDIT = {
    **_VIEW,
    "pipelines": _READ | {"create", "delete", "update"},
    "experiments": _READ | {"archive", "create", "delete", "unarchive"},
    "runs": _VIEW["runs"]
    | {"archive", "create", "delete", "retry", "terminate", "unarchive", "reportMetrics"},
    "jobs": _READ | {"create", "delete", "disable", "enable"},
}
RIGHTS = {"view": _VIEW, "edit": _EDIT, "admin": _EDIT, "shared": {"pipelines": _EDIT["pipelines"]}}
ROLES = ("view", "edit", "admin")

_NO_HEADER = (
    "Unauthenticated: Request header error: there is no user identity header.:"
    " Request header error: there is no user identity header."
)
_NO_BEARER = "Header 'Authorization' is incorrectly formatted. Expected prefix 'Bearer '"


class _Claims(msgspec.Struct, frozen=True, kw_only=True):
    aud: list[str]
    exp: int
    iat: int
    iss: str
    jti: str
    sub: str
    uid: str  # of the profile: a token ends with its profile


class Tenancy:
    """Authenticates requests, decides about rights, issues and revokes tokens."""

    def __init__(
        self,
        store: Store,
        *,
        multi_user: bool = True,
        token_required: bool = True,
        identity_header: str = "",
        shared_pipelines: SharedPipelines = "all",
        owner_key: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._owner_key = owner_key or secrets.token_hex(32)
        self._table = store.tenants
        self._now = now
        self.multi_user = multi_user
        self.token_required = token_required  # tenants always need one
        self._identity_header = identity_header
        self._shared_pipelines = shared_pipelines
        self._key = bytes.fromhex(self._table.ensure_setting("token-key", secrets.token_hex(32)))
        self.page_key = bytes.fromhex(self._table.ensure_setting("page-key", secrets.token_hex(32)))

    # authentication

    def authenticate(self, headers: Callable[[str], Sequence[str]]) -> str:
        """Return the identity in `headers` (a function from name to values); raises ApiError (401)."""
        problems = []
        if self._identity_header:
            users = headers(self._identity_header)
            if len(users) == 1 and users[0]:
                return users[0]
            if users:
                text = f"Request header error: unexpected number of '{self._identity_header}' headers."
                problems.append(f"BadRequestError: {text} Expect 1 got {len(users)}: {text}")
        bearer = headers("Authorization")
        if not bearer:
            raise _identity_error([*problems, _NO_HEADER])
        if not problems:
            problems.append(_NO_HEADER)
        if len(bearer) != 1 or not bearer[0].startswith("Bearer "):
            raise _identity_error([*problems, f"BadRequestError: {_NO_BEARER}: {_NO_BEARER}"])
        token = bearer[0].removeprefix("Bearer ")
        if token.startswith(" "):
            return ANONYMOUS
        reason, identity = self._review_token(token)
        if reason:
            raise _identity_error(
                [
                    *problems,
                    "Authentication failure: Unauthenticated: Review.Status.Authenticated is false."
                    f" Error {reason}: Failed to authenticate token review",
                ]
            )
        return identity

    def authenticate_owner(self, headers: Callable[[str], Sequence[str]]) -> None:
        """Accept only the owner key of the runtime file; raises ApiError (401)."""
        keys = headers(OWNER_HEADER)
        if len(keys) != 1 or not hmac.compare_digest(keys[0].encode(), self._owner_key.encode()):
            raise ApiError(UNAUTHENTICATED, f"{OWNER_HEADER} must hold the owner key of the runtime file")

    def prove(self, port: int, challenge: str) -> str | None:
        """Prove to a client that this is the server of the data folder; None for what is no challenge."""
        return make_proof(self._owner_key, port, challenge)

    def _review_token(self, token: str) -> tuple[str, str]:
        """Return the reason to reject `token`, or "" and its identity."""
        claims = self._read_token(token)
        if claims is None or claims.iss != ISSUER or self._table.is_revoked(claims.jti):
            return "invalid bearer token", ""
        if claims.exp <= self._now():
            return "[invalid bearer token, service account token has expired]", ""
        if AUDIENCE not in claims.aud:
            return (
                f"[invalid bearer token, token audiences {_go_list(claims.aud)} is invalid for the"
                f" target audiences {_go_list([AUDIENCE])}]",
                "",
            )
        namespace = claims.sub.removeprefix(_SUBJECT).partition(":")[0]
        profile = self._table.get_profile(namespace) if claims.sub.startswith(_SUBJECT) else None
        if profile is None or profile.uid != claims.uid:
            return "invalid bearer token", ""
        return "", claims.sub

    # authorization

    def is_allowed(self, identity: str, verb: str, resource: str, namespace: str) -> bool:
        """Whether `identity` may do this in `namespace`; an unknown namespace allows nothing.

        Pipelines without namespace are shared: everybody may read them.
        """
        if not self.multi_user:
            return True
        if resource == "pipelines" and not namespace:
            return verb in _READ or self.is_allowed(identity, verb, resource, SHARED)
        role = self.get_role(identity, namespace)
        return bool(role) and verb in RIGHTS[role].get(resource, ())

    def find_sharing_fault(self, identity: str, creator: str | None) -> str:
        """Return why `identity` may not upload a shared pipeline, or a version of the one of `creator`.

        KFP up to 2.17 checks nothing at all, and clients that know no namespaces rely on that. But a new
        version changes what others run, so it takes whoever uploaded the pipeline.
        """
        if self._shared_pipelines == "owner":
            return (
                "This server takes shared pipelines from its first profile only, as KFP 2.18 does"
                " (--shared-pipelines owner): send a namespace"
            )
        namespaces = [profile.namespace for profile in self.list_profiles()]
        if not any(self.is_allowed(identity, "create", "pipelines", namespace) for namespace in namespaces):
            return "A shared pipeline takes the right to create pipelines in a namespace"
        if creator is not None and creator != identity:
            return (
                "Only whoever uploaded a shared pipeline, and the first profile, may add versions to it:"
                " take another name, or send a namespace"
            )
        return ""

    def get_role(self, identity: str, namespace: str) -> str:
        """Return the role of `identity` in `namespace`: "view", "edit", "admin", "shared", or "" for none."""
        profile = self._table.get_profile(namespace)
        given = self._table.get_role(namespace, identity)  # asked in any case: it takes time
        if profile is None:
            return ""
        if identity == subject(namespace, EDITOR) and namespace != SHARED:
            return "edit"
        if identity == subject(namespace, VIEWER) and namespace != SHARED:
            return "view"
        if profile.owner and identity == profile.owner:
            return "admin"
        return given

    # tokens

    def issue(
        self, namespace: str, account: str = EDITOR, seconds: int = 7200, audience: str = AUDIENCE
    ) -> tuple[str, int]:
        """Return a token for an account of `namespace`, and its expiry; raises LookupError, ValueError."""
        profile = self._table.get_profile(namespace)
        if profile is None or namespace == SHARED:
            raise LookupError(namespace)
        if account not in (EDITOR, VIEWER):
            raise ValueError(f"no account “{account}”: take {EDITOR} or {VIEWER}")
        if not 1 <= seconds <= LONGEST_TOKEN:
            raise ValueError(f"the duration must be between 1 s and {LONGEST_TOKEN} s")
        now = int(self._now())
        claims = _Claims(
            aud=[audience],
            exp=now + seconds,
            iat=now,
            iss=ISSUER,
            jti=secrets.token_hex(16),
            sub=subject(namespace, account),
            uid=profile.uid,
        )
        body = _b64(_HEADER) + b"." + _b64(msgspec.json.encode(claims))
        return (body + b"." + self._sign(body)).decode(), claims.exp

    def revoke(self, token: str) -> bool:
        """Revoke a token before it expires; False when this server has not issued it."""
        claims = self._read_token(token)
        if claims is None:
            return False
        self._table.revoke(claims.jti, claims.exp, int(self._now()))
        return True

    def _read_token(self, token: str) -> _Claims | None:
        body, _, signature = token.encode().rpartition(b".")
        head, _, claims = body.partition(b".")
        if not hmac.compare_digest(signature, self._sign(body)) or head != _b64(_HEADER):
            return None
        try:
            return msgspec.json.decode(_unb64(claims), type=_Claims)
        except ValueError:
            return None

    def _sign(self, body: bytes) -> bytes:
        return _b64(hmac.digest(self._key, body, hashlib.sha256))

    # profiles

    def add_profile(self, namespace: str, owner: str = "") -> ProfileRow:
        """Add a profile; raises ValueError for an invalid or taken name."""
        if not NAMESPACE.fullmatch(namespace):
            raise ValueError(
                "a profile's name is 1–63 of a–z, 0–9 and -, with a letter or digit at both ends"
            )
        profile = ProfileRow(
            namespace=namespace, owner=owner, uid=secrets.token_hex(8), created_at=int(self._now())
        )
        if not self._table.add_profile(profile):
            raise ValueError(f"there is a profile {namespace} already")
        return profile

    def list_profiles(self) -> list[ProfileRow]:
        """Return all profiles but the shared one."""
        return [each for each in self._table.list_profiles() if each.namespace != SHARED]

    def prepare(self, namespace: str) -> None:
        """Create the shared namespace and the server's first profile, which may write there, if needed."""
        for each in (SHARED, namespace):
            if self._table.get_profile(each) is None:
                self.add_profile(each)
                if each == namespace:
                    self._table.share(SHARED, subject(namespace, EDITOR), "shared")


def subject(namespace: str, account: str) -> str:
    """Return the identity of a service account, as Kubernetes writes it."""
    return f"{_SUBJECT}{namespace}:{account}"


def describe_identity(identity: str) -> str:
    """Return how people name an identity: an account as `sa NAMESPACE/NAME`, a person by name."""
    if not identity.startswith(_SUBJECT):
        return identity
    return "sa " + identity.removeprefix(_SUBJECT).replace(":", "/")


def profile_name(user: str) -> str:
    """Turn the name of an operating-system user into the name of a namespace."""
    plain = re.sub(r"[^a-z0-9]+", "-", user.lower()).strip("-")[:63].strip("-")
    return plain or "user"


def _identity_error(problems: Sequence[str]) -> ApiError:
    text = "Failed to check authorization. User identity is empty in the request header"
    reasons = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
    return ApiError(UNAUTHENTICATED, text, message=f"Unauthenticated: {text}: {reasons}")


def _go_list(texts: Sequence[str]) -> str:
    """Format a list as Go's `%q` does."""
    return msgspec.json.encode(list(texts)).decode().replace(",", " ")


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _unb64(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def check_data(values: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the keys and values of a new secret or config map; raises ValueError for invalid ones."""
    if not OBJECT_NAME.fullmatch(name):
        raise ValueError("a name is 1–253 of a–z, 0–9, `-` and `.`, with a letter or digit at both ends")
    if len(values) > MOST_KEYS or sum(len(str(value)) for value in values.values()) > LARGEST_DATA:
        raise ValueError(f"at most {MOST_KEYS} keys and {LARGEST_DATA} characters")
    for key, value in values.items():
        if not re.fullmatch(r"[-._a-zA-Z0-9]{1,253}", key) or not isinstance(value, str):
            raise ValueError("a key is 1–253 of letters, digits, `-`, `_` and `.`; a value is text")
    return dict(values)
