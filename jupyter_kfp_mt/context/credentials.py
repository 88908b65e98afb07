"""Chooses the credential for an endpoint: that of the settings, else the projected token of the pod."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from ..auth import CookieFile, Credential, FileCredential, TokenFile, read_secret
from ..errors import KfpError, kfp_error
from ..settings import KfpSettings
from ..tokens import TokenClaims, parse_claims
from .environment import SERVICE_ACCOUNT, Environment
from .model import Context
from .pod import ThisPod
from .poddefault import AUDIENCE, TOKEN_PATH, TOKEN_VARIABLE, poddefault_command


def find_credential(
    env: Environment, settings: KfpSettings, pod: ThisPod | None, endpoint: str = ""
) -> Credential:
    """Return the credential for `endpoint`, of the base class where there is none.

    A file that a person named in the settings is used as it is; the token of the pod is examined first.
    Raises `token-unreadable`, `token-audience`, `token-expired`.
    """
    for name, open_file in _SETTINGS.items():
        if path := _path_of(settings, name):
            return open_file(path, endpoint)
    shown = env.variable(TOKEN_VARIABLE) or TOKEN_PATH
    projected = env.path(shown)
    if not os.path.lexists(projected):  # a link that leads nowhere is broken, not absent
        return Credential()
    claims = _examine_token(projected, shown, pod, env.clock.now())
    return TokenFile(projected, endpoint, account=claims.account)


def open_token(path: Path, endpoint: str) -> TokenFile:
    """Return the token in `path` with the account it names; raises `token-unreadable`."""
    claims = parse_claims(read_secret(path))
    return TokenFile(path, endpoint, account=claims.account if claims else "")


# the settings by which a person names a credential, each a file; the first that is set wins
_SETTINGS: Mapping[str, Callable[[Path, str], Credential]] = {
    "token_path": open_token,
    "cookie_path": CookieFile,
}


def _path_of(settings: KfpSettings, name: str) -> Path | None:
    path = getattr(settings, name)
    return Path(path).expanduser() if path else None


def names_credential(settings: KfpSettings) -> bool:
    """Whether a person named a credential, which then wins over any that we find."""
    return any(_path_of(settings, name) for name in _SETTINGS)


def without_credentials(env: Environment, settings: KfpSettings) -> tuple[Environment, KfpSettings]:
    """Return both as if nobody had a credential: a broken one must not hide where KFP is."""
    hidden = env._replace(variables={**env.variables, TOKEN_VARIABLE: "/nowhere"})
    return hidden, settings.replace(**dict.fromkeys(_SETTINGS, ""))


def secrets_in_reach(env: Environment, settings: KfpSettings, context: Context | None) -> list[str]:
    """Return every secret that a report must not show, whether or not it is sent."""
    paths = [env.path(f"{SERVICE_ACCOUNT}/token"), env.path(env.variable(TOKEN_VARIABLE) or TOKEN_PATH)]
    known: list[Credential] = [FileCredential(path, "") for path in paths]
    for name, open_file in _SETTINGS.items():
        if path := _path_of(settings, name):
            with contextlib.suppress(KfpError):  # an unreadable file holds no secret to hide
                known.append(open_file(path, ""))
    if context is not None:
        known += [context.credential, *context.profile_credentials.values()]
    return [secret for credential in known for secret in credential.secrets()]


def _examine_token(path: Path, shown: str, pod: ThisPod | None, now: datetime) -> TokenClaims:
    """Return the claims of the token in `path`, `shown` to people; raises the `token-…` error that fits."""
    namespace = pod.namespace if pod else ""
    claims = parse_claims(read_secret(path, shown))
    if claims is None:
        raise kfp_error("token-unreadable", path=shown, reason="not a token")
    if AUDIENCE not in claims.audiences:
        intended = ", ".join(claims.audiences) or "nobody"
        raise kfp_error("token-audience", aud=intended, poddefault=poddefault_command(namespace))
    if claims.expires_at is not None and claims.expires_at <= now:
        ended = claims.expires_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        name = claims.pod or (pod.notebook.pod if pod else "")
        raise kfp_error("token-expired", time=ended, pod=name, ns=namespace)
    return claims
