"""The PodDefault “Allow access to Kubeflow Pipelines”: it gives notebooks of a profile a token for KFP.

Its spec is that of www.kubeflow.org/docs/components/pipelines/user-guides/core-functions/connect-api. It is
written in flow style to stay short where people read and copy it.
"""

from __future__ import annotations

from typing import Any

AUDIENCE = "pipelines.kubeflow.org"
OPTION_LABEL = "access-ml-pipeline"  # the spawner puts it on a notebook whose user chose the option
TOKEN_PATH = "/var/run/secrets/kubeflow/pipelines/token"  # noqa: S105 - a path
TOKEN_VARIABLE = "KF_PIPELINES_SA_TOKEN_PATH"  # noqa: S105 - a name

_MANIFEST = """\
apiVersion: kubeflow.org/v1alpha1
kind: PodDefault
metadata: {name: access-ml-pipeline, namespace: NAMESPACE}
spec:
  desc: Allow access to Kubeflow Pipelines
  selector: {matchLabels: {access-ml-pipeline: "true"}}
  env: [{name: KF_PIPELINES_SA_TOKEN_PATH, value: /var/run/secrets/kubeflow/pipelines/token}]
  volumes:
  - name: volume-kf-pipeline-token
    projected: {sources: [{serviceAccountToken: \
{path: token, expirationSeconds: 7200, audience: pipelines.kubeflow.org}}]}
  volumeMounts: [{name: volume-kf-pipeline-token, mountPath: /var/run/secrets/kubeflow/pipelines, \
readOnly: true}]
"""


def make_poddefault(namespace: str) -> dict[str, Any]:
    """Return the PodDefault of a profile as an object."""
    import yaml  # only the doctor's change needs it

    return dict(yaml.safe_load(_MANIFEST.replace("NAMESPACE", namespace)))


def poddefault_command(namespace: str) -> str:
    """Return the shell command that creates the PodDefault of a profile."""
    return f"kubectl apply -f - <<'EOF'\n{_MANIFEST.replace('NAMESPACE', namespace)}EOF"
