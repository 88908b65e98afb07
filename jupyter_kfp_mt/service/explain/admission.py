"""Why the cluster does not take a pod: quotas, security rules, webhooks, rights, sizes.

The messages are those of Kubernetes ≥ 1.24 and Argo ≥ 3.3; each pattern has a case in the tests.
"""

from __future__ import annotations

import re
from shlex import quote

from .facts import ASK_ADMIN, Cause, Facts, to_clause

_QUOTA = re.compile(
    r"exceeded quota: (?P<quota>[^,]+), requested: (?P<asked>.+?), used: (?P<used>.+?),"
    r" limited: (?P<limit>[^\n\"]+)"
)
_MUST = re.compile(r"failed quota: (?P<quota>[^:]+): must specify (?P<what>[^\n\"]+)")
_RANGE = re.compile(
    r"(?P<what>maximum|minimum) (?P<resource>\S+) usage per (?:Container|Pod) is (?P<bound>[^,]+?)[,.]?"
    r" (?:but|No) "
)
_POLICY = "https://kubernetes.io/docs/concepts/policy"


def quota(facts: Facts) -> Cause | None:
    """The quota of the namespace is used up, or its limits are not met."""
    match, must, bounds = facts.search(_QUOTA), facts.search(_MUST), facts.search(_RANGE)
    if match is not None:
        why = f"Asked for {match['asked']}; used {match['used']} of {match['limit']}."
        return Cause(
            "did not start",
            f"quota {match['quota']} is used up",
            why,
            "Wait for other tasks, ask for less, or ask an admin.",
            facts.kubectl(f"describe quota {quote(match['quota'])}"),
            f"{_POLICY}/resource-quotas/",
        )
    if must is not None:
        what = must["what"].strip()
        return Cause(
            "did not start",
            f"quota {must['quota']} wants {what}",
            "This namespace takes only tasks that say what they need.",
            "Set them: task.set_cpu_limit(…), task.set_memory_limit(…).",
            facts.kubectl(f"describe quota {quote(must['quota'])}"),
            f"{_POLICY}/resource-quotas/",
        )
    if bounds is not None:
        why = f"The {bounds['what']} {bounds['resource']} here is {bounds['bound'].rstrip('.,')}."
        return Cause(
            "did not start",
            "it asks for what this namespace does not give",
            why,
            "Ask for less.",
            facts.kubectl("describe limitrange"),
            f"{_POLICY}/limit-range/",
        )
    return None


_SECURITY = re.compile(
    r'violates PodSecurity \\?"(?P<level>[^"\\\n]+)\\?": (?P<why>[^\n]+)'
    r"|unable to validate against any (?:security context constraint|pod security policy): (?P<scc>[^\n]+)"
)
_WEBHOOK = re.compile(
    r'admission webhook \\?"(?P<name>[^"\\\n]+)\\?" denied the request(?:: (?P<why>[^\n]+))?'
)
_WEBHOOK_DOWN = re.compile(
    r'failed calling webhook \\?"(?P<name>[^"\\\n]+)\\?"'
    r'|admission plugin \\?"(?P<plugin>[^"\\\n]+)\\?" failed'
)
_NO_ACCOUNT = re.compile(
    r'error looking up service account [^:]+: serviceaccount \\?"(?P<name>[^"\\\n]+)\\?" not'
)
_NO_RIGHT = re.compile(
    r'User \\?"system:serviceaccount:(?P<account>[^"\\\n]+)\\?" cannot (?P<verb>\S+) resource'
    r' \\?"(?P<what>[^"\\\n]+)\\?"'
    r"|verify serviceaccount (?P<verified>\S+) has necessary"
)
_TOO_LARGE = re.compile(
    r"argument list too long|etcdserver: request is too large|trying to send message larger than max"
    r"|received message larger than max|Request entity too large"
)
_TOO_LONG = re.compile(r"\bexec \S+: argument list too long")
_NOT_ACCEPTED = re.compile(
    r'(?:[Pp]ods? \\?"[^"\\\n]+\\?" is (?:forbidden|invalid)|Pod was rejected): (?P<why>[^\n]+)'
)


def refusal(facts: Facts) -> Cause | None:
    """A security rule or an admission webhook rejects its pod."""
    match = facts.search(_SECURITY)
    if match is not None:
        why = to_clause(match["why"] or match["scc"])
        level = f" (PodSecurity “{match['level']}”)" if match["level"] else ""
        return Cause(
            "did not start",
            "the cluster's security rules forbid its pod",
            f"{why}{level}.",
            "Ask an admin to relax the rules of this namespace for runs.",
            docs="https://kubernetes.io/docs/concepts/security/pod-security-standards/",
        )
    match = facts.search(_WEBHOOK)
    if match is None:
        return None
    why = f"{to_clause(match['why'])}." if match["why"] else ""
    return Cause("did not start", f"a rule of the cluster forbids it ({match['name']})", why, ASK_ADMIN)


def webhook_down(facts: Facts) -> Cause | None:
    """An admission webhook does not answer."""
    match = facts.search(_WEBHOOK_DOWN)
    if match is None:
        return None
    return Cause(
        "did not start",
        "the cluster could not check its pod",
        f"{match['name'] or match['plugin']} does not answer.",
        "Retry the run; if it stays, show an admin.",
    )


def account(facts: Facts) -> Cause | None:
    """The run's service account does not exist, or lacks a right that every step needs."""
    match = facts.search(_NO_ACCOUNT)
    if match is not None:
        return Cause(
            "did not start",
            f"service account {match['name']} is not there",
            "The tasks of the run work as it.",
            "Choose another service account for the run, or ask an admin to create it.",
            facts.kubectl("get serviceaccounts"),
        )
    denied = facts.search(_NO_RIGHT)
    if denied is None:
        return None
    name = (denied["account"] or denied["verified"]).rpartition(":")[2]
    right = f"{denied['verb']} {denied['what']}" if denied["what"] else "report its results"
    return Cause(
        "stopped",
        f"service account {name} may not {right}",
        "It lacks a right that steps of a run need.",
        "Choose another service account for the run, or ask an admin for the right.",
    )


def too_large(facts: Facts) -> Cause | None:
    """Its parameters, or the whole run, are larger than the cluster accepts."""
    if facts.search(_TOO_LARGE) is None and facts.find_line(_TOO_LONG) is None:
        return None
    return Cause(
        "did not start",
        "what it is given is too large",
        "Parameters travel in the pod itself; a few hundred KiB are the limit.",
        "Hand large values over as artifacts, or split the pipeline.",
    )


def not_accepted(facts: Facts) -> Cause | None:
    """The cluster rejects its pod for a reason that no other rule knows."""
    match = facts.search(_NOT_ACCEPTED)
    if match is None:
        return None
    why = to_clause(match["why"])
    return Cause(
        "did not start", "the cluster does not take its pod", f"{why[:1].upper()}{why[1:]}.", ASK_ADMIN
    )
