"""Ordered checks with their evidence; the first real cause comes with its cure.

Each check looks once and says what it saw. A check that needs an earlier one which failed is skipped.
"""

from __future__ import annotations

from pathlib import Path

from .auth import read_secret
from .client import RequestsTransport
from .context import Context, Environment, detect, this_process
from .context.tokens import claims_of
from .errors import KfpError
from .models import Check, DoctorReport, Healthz
from .service import KfpService
from .settings import KfpSettings, load_settings

_NAMES = (
    "Configuration",
    "Namespace",
    "Kubeflow Pipelines",
    "Token",
    "Log-in and rights",
)


def examine(
    settings: KfpSettings | None = None, *, environment: Environment | None = None, namespace: str = ""
) -> DoctorReport:
    """Check configuration, namespace, KFP, token, log-in and rights; trouble is told, not raised."""
    checks: list[Check] = []
    env = environment or this_process()
    try:
        chosen = settings or load_settings(env.variables)
        context = detect(env, chosen)
    except KfpError as error:
        return _report([_failed(_NAMES[0], error.message, error)])
    if namespace:
        context = context.in_namespace(namespace)
    checks.append(Check(name=_NAMES[0], level="ok", evidence=f"{context.endpoint} ({context.kind})"))
    service = KfpService(context, RequestsTransport(context))
    try:
        health = _server(checks, context, service)
        _token(checks, context, env, health)
        if health is not None:
            _rights(checks, service, health)
    finally:
        service.close()
    return _report(checks)


def _server(checks: list[Check], context: Context, service: KfpService) -> Healthz | None:
    try:
        health = service.healthz()
    except KfpError as error:
        checks.append(_namespace(context, None))
        checks.append(_failed(_NAMES[2], error.message, error))
        return None
    checks.append(_namespace(context, health))
    mode = "multi-user" if health.multi_user else "for one user"
    kind = ", the embedded server" if health.embedded else ""
    checks.append(Check(name=_NAMES[2], level="ok", evidence=f"KFP {health.tag_name}, {mode}{kind}"))
    return health


def _namespace(context: Context, health: Healthz | None) -> Check:
    if context.warnings:
        return Check(name=_NAMES[1], level="warning", evidence=" ".join(context.warnings))
    if context.namespace:
        return Check(name=_NAMES[1], level="ok", evidence=f"{context.namespace}, {context.source}")
    if health is not None and not health.multi_user:
        return Check(name=_NAMES[1], level="ok", evidence="none; this KFP has no namespaces")
    return Check(name=_NAMES[1], level="warning", evidence="none is set")


def _token(checks: list[Check], context: Context, env: Environment, health: Healthz | None) -> None:
    if not context.token_path:
        needed = health is None or health.multi_user
        evidence = "there is no token" if needed else "none; this KFP asks for none"
        checks.append(Check(name=_NAMES[3], level="warning" if needed else "ok", evidence=evidence))
        return
    try:
        claims = claims_of(read_secret(Path(context.token_path)))
    except KfpError as error:
        checks.append(_failed(_NAMES[3], error.why, error))
        return
    if claims is None or claims.expires_at is None:
        checks.append(Check(name=_NAMES[3], level="ok", evidence=f"read from {context.token_path}"))
        return
    left = int((claims.expires_at - env.clock.now()).total_seconds() // 60)
    evidence = f"{claims.subject or 'somebody'}, for {', '.join(claims.audiences)}, valid {left} min"
    checks.append(Check(name=_NAMES[3], level="ok" if left > 0 else "warning", evidence=evidence))


def _rights(checks: list[Check], service: KfpService, health: Healthz) -> None:
    try:
        page = service.page_runs(page_size=1)
    except KfpError as error:
        checks.append(_failed(_NAMES[4], error.message, error))
    else:
        where = f" in {service.namespace}" if health.multi_user else ""
        checks.append(
            Check(name=_NAMES[4], level="ok", evidence=f"runs can be listed{where}: {page.total_size}")
        )


def _failed(name: str, evidence: str, error: KfpError) -> Check:
    return Check(name=name, level="error", evidence=evidence, error=error.body)


def _report(checks: list[Check]) -> DoctorReport:
    """The checks in their order, those that were not reached marked, and the first cause."""
    done = {check.name: check for check in checks}
    every = [done.get(name, Check(name=name, level="skipped", evidence="not checked")) for name in _NAMES]
    cause = next((check.error for check in every if check.error is not None), None)
    return DoctorReport(checks=every, cause=cause)
