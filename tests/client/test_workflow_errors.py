"""What Kubernetes answers when KFP creates a Workflow: a refusal with its cure, an outage, or doubt."""

from __future__ import annotations

import json

import pytest

from jupyter_kfp_mt.client import Response
from jupyter_kfp_mt.client.response_errors import classify
from jupyter_kfp_mt.client.runs import create_run
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError

CONTEXT = Context("http://ml-pipeline.kubeflow:8888", namespace="team-a")
CHAIN = "Failed to create a new run: InternalServerError: Failed to create a workflow for ():"
POST = 'Post "https://10.96.0.1:443/apis/argoproj.io/v1alpha1/namespaces/team-a/workflows":'


def answer(text: str, code: int = 13) -> KfpError:
    body = {"code": code, "message": text, "details": [{"code": code, "message": "Internal Server Error"}]}
    response = Response(status=503 if code == 14 else 500, headers={}, body=json.dumps(body).encode())
    return classify(create_run({}), response, CONTEXT)


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("etcdserver: request is too large", "or make two pipelines of it"),
        ("rpc error: code = ResourceExhausted desc = trying to send message larger than max", "into images"),
        ("Request entity too large: limit is 3145728", "into images or files"),
        ('Workflow.argoproj.io "x" is invalid: metadata.annotations: Too long: must', "into images or files"),
        (
            'workflows.argoproj.io is forbidden: User "system:serviceaccount:kubeflow:ml-pipeline" cannot '
            'create resource "workflows" in API group "argoproj.io" in the namespace "team-a"',
            "Ask an admin to give KFP that right.",
        ),
        ('admission webhook "policies.example.com" denied the request: no', "Change what the policy names"),
        (
            "workflows.argoproj.io \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied "
            "request: no",
            "Change what the policy names",
        ),
        (
            'Internal error occurred: failed calling webhook "v": Post "https://v": EOF',
            "Submit again later",
        ),
        (
            'workflows.argoproj.io "x" is forbidden: exceeded quota: q, requested: '
            "count/workflows.argoproj.io=1, used: count/workflows.argoproj.io=5",
            "Delete old runs",
        ),
        ('namespaces "team-a" not found', "Use another namespace."),
        (
            'workflows.argoproj.io "x" is forbidden: unable to create new content in namespace '
            "team-a because it is being terminated",
            "Use another namespace.",
        ),
        ('Workflow.argoproj.io "Bad Name-x" is invalid: metadata.generateName: Invalid value', "Correct the"),
        ("the server could not find the requested resource (post workflows.argoproj.io)", "Show an admin."),
    ],
)
def test_a_refusal_is_certain_and_has_its_cure(text: str, cure: str) -> None:
    error = answer(f"{CHAIN} {text}")

    assert (error.code, error.status, error.unclear) == ("cluster-refused", 422, False)
    assert error.message == "The cluster refused the run."
    assert text[:60] in error.why
    assert cure in error.next_step


def test_a_right_that_kfp_lacks_is_named() -> None:
    error = answer(
        f'{CHAIN} workflows.argoproj.io is forbidden: User "kfp" cannot create resource "workflows"'
    )

    assert error.command == "kubectl auth can-i create workflows.argoproj.io -n team-a --as=kfp"


def test_the_words_of_a_policy_are_one_line() -> None:
    error = answer(
        f'{CHAIN} admission webhook "p" denied the request: blocked:\n\nteam-a/x:\n  {"long " * 99}'
    )

    assert error.why.startswith('admission webhook "p" denied the request: blocked: team-a/x: long long')
    assert error.why.endswith("….")
    assert len(error.why) < 310


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{CHAIN} {POST} dial tcp 10.96.0.1:443: connect: connection refused", 13),
        (
            "Failed to create a workflow for () - try again later: "
            f"{POST} dial tcp 10.96.0.1:443: i/o timeout",
            14,
        ),
        (f"{CHAIN} client rate limiter Wait returned an error: context deadline exceeded", 13),
    ],
)
def test_kfp_that_does_not_reach_kubernetes_is_an_outage_and_certain(text: str, code: int) -> None:
    error = answer(text, code)

    assert (error.code, error.unclear) == ("kfp-unavailable", False)
    assert "cannot reach Kubernetes" in error.why


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{CHAIN} etcdserver: request timed out", 13),
        (f"{CHAIN} {POST} context deadline exceeded", 13),
        (f"{CHAIN} {POST} EOF", 13),
        (f"{CHAIN} {POST} read tcp 10.0.0.1:1->10.96.0.1:443: read: connection reset by peer", 13),
        (f"Failed to create a workflow for () - try again later: {POST} net/http: request canceled", 14),
    ],
)
def test_a_workflow_that_may_have_been_created_is_unclear(text: str, code: int) -> None:
    assert answer(text, code).unclear is True
