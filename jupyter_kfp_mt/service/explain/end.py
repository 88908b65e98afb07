"""Why a container that ran has ended: memory, eviction, a lost node, a time limit, an exit code."""

from __future__ import annotations

import re

from .facts import Cause, Facts, to_clause
from .python import SHARED, SHARED_CURE

_OOM = re.compile(r"OOMKilled")
_EVICTED = re.compile(r"Evicted|The node (?:was low|had condition)[^.]*")
_OVER_DISK = re.compile(
    r"ephemeral local storage usage exceeds[^\n]*? (?P<limit>\d\S*?)\.?(?:\s|$)"
    r'|exceeded its local ephemeral storage limit \\?"(?P<own>[^"\\]+)'
    r'|Usage of EmptyDir volume \\?"[^"\\]+\\?" exceeds the limit \\?"(?P<folder>[^"\\]+)'
)
_PRESSURES = {"DiskPressure": "disk", "MemoryPressure": "memory", "PIDPressure": "process ids"}
_PREEMPTED = re.compile(r"Preempt(?:ed|ing|ionByScheduler)|higher priority pod")
_LOW = re.compile(r"low on resource: (?P<what>[\w-]+)|condition: \[(?P<condition>\w+)\]")
_LOST = re.compile(
    r"pod (?:deleted|termination)|NodeLost|node shutdown|NodeShutdown|node is (?:gone|lost)|DisruptionTarget"
    r"|DeletionByTaintManager|EvictionByEvictionAPI|DeletionByPodGC|TerminationByKubelet"
    r"|which was running pod .* is unresponsive|node not found",
    re.I,
)
_FORGOTTEN = re.compile(  # by the container runtime, or by the kubelet of a node that came back
    r"^(?:main: )?(?:Unknown(?: \(exit code 255\))?$|ContainerStatusUnknown\b)", re.M
)
_USED = re.compile(r"Container main was using (?P<amount>\w+)")
_DEADLINE = re.compile(
    r"DeadlineExceeded|exceeded its deadline|longer than the specified deadline"
    r"|[Mm]ax duration limit exceeded"
    r"|time limit of (?P<limit>[\d.]+ ?s)"
)
_SHUTDOWN = re.compile(r"workflow shutdown with strategy|[Ss]topped with strategy")
_ELSEWHERE = re.compile(
    r"^(?:panic: (?P<go>.+)|Error in (?P<r>.+)"
    r'|Exception in thread "[^"]*" (?P<java>.+))$'
)
_SIGNALS = {
    135: "it crashed (bus error)",
    136: "it crashed (floating point error)",
    139: "it crashed (segmentation fault)",
    134: "it crashed (abort)",
    132: "it crashed (illegal instruction)",
}


def out_of_memory(facts: Facts) -> Cause | None:
    """The kernel killed it at its memory limit, or something sent it signal 9."""
    cure = "Ask for more: task.set_memory_limit(…)."
    if facts.search(_OOM) is not None:
        return Cause(
            "stopped", "out of memory", "It reached its memory limit and was ended (exit code 137).", cure
        )
    if facts.exit_code in (137, -9) and not facts.driver:
        return Cause("stopped", "it was killed", "Nearly always that is the memory (exit code 137).", cure)
    return None


def eviction(facts: Facts) -> Cause | None:
    """Its node evicted it."""
    full = facts.search(_OVER_DISK)
    if full is not None:
        limit = full["limit"] or full["own"] or full["folder"]
        return Cause(
            "stopped",
            "it was evicted",
            f"It wrote more than {limit} to the disk of its node.",
            "Write to an output of the task or a volume, or ask for more: ephemeral-storage.",
        )
    if facts.search(_EVICTED) is not None:
        low = facts.search(_LOW)
        what = (low["what"] or low["condition"]) if low is not None else ""
        what = _PRESSURES.get(what, what)
        used = facts.search(_USED)
        if what == "ephemeral-storage":
            own = f"; it had written {used['amount']}" if used is not None else ""
            return Cause(
                "stopped",
                "it was evicted",
                f"Its node ran low on disk{own}.",
                "Write less to the disk of its node, or write to a volume.",
            )
        why = f"Its node ran low on {what or 'something'}."
        cure = "Say what it needs (task.set_memory_request(…)), then retry."
        return Cause("stopped", "it was evicted", why, "Retry the run." if what == "disk" else cure)
    return None


def preemption(facts: Facts) -> Cause | None:
    """A pod of higher priority took its place."""
    if facts.search(_PREEMPTED) is None:
        return None
    return Cause(
        "stopped",
        "it gave way to something more important",
        "Pods of higher priority needed its place.",
        "Retry the run, or ask an admin for another priority.",
    )


def lost_node(facts: Facts) -> Cause | None:
    """Its node or its pod disappeared."""
    if facts.exit_code in (None, 137, 255) and facts.search(_FORGOTTEN) is not None:
        why = "The node, or its container runtime, was restarted."
        return Cause("stopped", "its node lost its container", why, "Retry the run.")
    if facts.search(_LOST) is None:
        return None
    return Cause(
        "stopped", "its pod is gone", "The node was drained, lost, or given to others.", "Retry the run."
    )


def termination(facts: Facts) -> Cause | None:
    """The run was terminated."""
    if facts.search(_SHUTDOWN) is None:
        return None
    return Cause("stopped", "the run was terminated", "", "Retry goes on from here.")


def time_limit(facts: Facts) -> Cause | None:
    """It exceeded its time limit."""
    match = facts.search(_DEADLINE)
    if match is None:
        return None
    why = f"Its limit is {match['limit']}." if match["limit"] else ""
    return Cause("stopped", "its time limit was over", why, "Give it more time, or less to do.")


def raised_elsewhere(facts: Facts) -> Cause | None:
    """It raised an error of Go, Java or R."""
    match = facts.find_line(_ELSEWHERE)
    if match is None or facts.exit_code == 0:
        return None
    text = next(filter(None, match.groups()))
    return Cause("stopped", to_clause(text), "", "Look at its log.")


def ended_with(facts: Facts) -> Cause | None:
    """It exited with a code other than 0."""
    code = facts.exit_code
    if code in (None, 0):
        return None
    code = 128 - code if code < 0 else code
    if code in _SIGNALS:
        if code == 135:
            return Cause(
                "stopped",
                f"{_SIGNALS[code]}",
                f"Nearly always that is full shared memory. {SHARED}",
                SHARED_CURE,
            )
        return Cause(
            "stopped",
            f"{_SIGNALS[code]}",
            "Compiled code of a package went wrong.",
            "Try another version of it.",
        )
    if code == 143:
        return Cause(
            "stopped", "it was asked to end", "Something sent it SIGTERM (exit code 143).", "Retry the run."
        )
    last = facts.last_line
    return Cause(
        "stopped",
        f"exit code {code}",
        f"Its last line: {last}" if last else "It wrote nothing.",
        "Look at its log." if last else "",
    )
