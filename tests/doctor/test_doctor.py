from __future__ import annotations

import threading
from datetime import datetime, timezone
from pathlib import Path

import msgspec
import pytest

from jupyter_kfp_mt import display
from jupyter_kfp_mt.context import Context, Environment, read_environment
from jupyter_kfp_mt.context.poddefault import make_poddefault
from jupyter_kfp_mt.doctor import examine
from jupyter_kfp_mt.doctor.checks import CHECKS, run_checks
from jupyter_kfp_mt.doctor.evidence import Evidence, ServerHealth, gather
from jupyter_kfp_mt.doctor.report import Scrubber, add_text
from jupyter_kfp_mt.errors import CATALOGUE, KfpError, kfp_error
from jupyter_kfp_mt.models import Check, DoctorReport
from jupyter_kfp_mt.settings import KfpSettings
from tests.doctor.world import ACCOUNT, CANARY, EDITOR, NOW, World


def test_a_healthy_pod_passes_every_check(world: World) -> None:
    # given
    world.token()
    # when
    report = world.examine()
    # then
    assert [row.name for row in report.checks if row.level != "ok"] == []
    assert (report.cause, report.who) == (None, "")
    evidence = {row.name: row.evidence for row in report.checks}
    assert evidence["Pod"] == "alice/analysis-0"
    assert evidence["Platform"] == "Kubeflow Notebooks"
    assert evidence["Profile"] == "of alice@example.com"
    assert evidence["KFP"] == "2.15.0, multi-user"
    assert evidence["Expiry"] == "valid 1 h 40 min, renewed by itself"
    assert evidence["Log-in"] == f"KFP knows you as {ACCOUNT}"
    assert evidence["Rights"] == "may look, run and register pipelines"


def test_a_laptop_learns_where_to_begin(tmp_path: Path) -> None:
    settings = KfpSettings(data_dir=str(tmp_path / "kfp"))
    report = examine(settings, environment=Environment({}, root=tmp_path))
    assert report.cause is not None
    assert (report.cause.code, report.cause.command, report.who) == (
        "no-kubeflow",
        "jupyter kfp serve",
        "you",
    )
    assert report.checks[1].evidence == "none; this Jupyter server is not in Kubernetes"


def test_what_needs_the_token_is_not_checked_without_one(world: World) -> None:
    world.kfp.recorded("no credential")
    rows = {row.name: row for row in world.examine().checks}
    assert rows["Token"].level == "error"
    assert {rows[name].evidence for name in ("Audience", "Expiry", "Log-in")} == {
        "not checked; it needs the token"
    }
    assert rows["Rights"].evidence == "not checked; it needs the log-in"


def test_a_server_for_one_user_needs_no_token(world: World) -> None:
    world.kfp.answer("healthz", 200, {"tag_name": "2.2.0"})
    report = world.examine()
    assert report.cause is None
    assert world.row("Token").evidence == "none; this KFP asks for none"


def test_a_server_of_v1beta1_passes_every_check(world: World) -> None:
    world.token()
    world.kfp.only_v1beta1()
    report = world.examine()
    assert [row.name for row in report.checks if row.level != "ok"] == []
    assert world.row("KFP").evidence == "1.8.5, multi-user"


@pytest.mark.parametrize("code", sorted({entry.partition("/")[0] for entry in CATALOGUE}))
def test_the_doctor_never_sends_to_the_doctor(code: str) -> None:
    error = kfp_error(code, list="doctor", cure="jupyter kfp doctor")
    place = Context("http://kfp.example", namespace="alice")
    for log_in in (True, error):
        server = error if log_in is True else ServerHealth("2.15.0", True, False, 0.01)
        seen = Evidence(now=NOW, chosen=(), place=place, server=server, log_in=log_in)
        for row in run_checks(seen):
            shown = row.error
            assert shown is None or not shown.command.endswith("doctor"), row.name
            assert shown is None or "the doctor" not in shown.next, row.name


def test_all_is_well_only_where_all_was_checked(world: World) -> None:
    world.token()
    assert "All is well." in display.render_text(world.examine())
    (world.root / "var/run/secrets/kubernetes.io/serviceaccount/token").write_text("junk")
    shown = display.render_text(world.examine())
    assert "All is well." not in shown
    assert "Nothing is wrong in what was checked." in shown


@pytest.mark.parametrize("cookie", [False, True])
def test_a_server_that_lets_in_without_a_token_needs_none(world: World, *, cookie: bool) -> None:
    settings = KfpSettings(endpoint=world.kfp.url, namespace="alice")
    if cookie:
        world.file("cookie", "session=1")
        settings.cookie_path = str(world.root / "cookie")
    report = examine(settings, environment=Environment({}, root=world.root / "none"))
    assert [row.name for row in report.checks if row.level != "ok"] == []
    assert "All is well." in display.render_text(report)


def test_detection_finds_a_server_of_v1beta1(world: World) -> None:
    responds = read_environment().responds
    assert responds(world.kfp.url)
    world.kfp.only_v1beta1()
    assert responds(world.kfp.url)
    world.kfp.everything(200, "{}", "application/json")
    assert not responds(world.kfp.url)


def test_kubernetes_that_tells_nothing_leaves_rows_unchecked(world: World) -> None:
    world.token()
    (world.root / "var/run/secrets/kubernetes.io/serviceaccount/token").write_text("junk")
    rows = {row.name: row for row in world.examine().checks}
    assert {rows[name].level for name in ("Profile", "Launch set-up")} == {"skipped"}
    assert rows["Rights"].evidence == "may look; whether it may run is not known"
    assert rows["Log-in"].level == "ok"


def test_a_token_that_ends_soon_is_a_warning(world: World) -> None:
    world.token(minutes=4)
    row = world.row("Expiry")
    assert (row.level, row.evidence) == ("warning", "The token was not renewed in time. It ends in 4 min.")


def test_an_address_that_contradicts_the_pod_is_a_warning(world: World) -> None:
    world.token()
    world.variables["NB_PREFIX"] = "/notebook/bob/analysis"
    row = world.row("Namespace")
    assert (row.level, row.evidence) == ("warning", "The pod says alice, the address says bob. Using alice.")


def test_lost_variables_are_named(world: World) -> None:
    world.token()
    del world.variables["KUBERNETES_SERVICE_HOST"]
    assert world.row("Pod").evidence.endswith("Start JupyterLab from the image's own start script.")


def test_a_header_that_the_sdk_remembers_is_named(world: World) -> None:
    world.token()
    saved = {"namespace": "alice", "client_authentication_header_name": "kubeflow-userid"}
    world.file("home/jovyan/.config/kfp/context.json", msgspec.json.encode(saved).decode())
    assert world.row("Saved context").evidence.startswith("the SDK adds the header kubeflow-userid")


def test_settings_that_cannot_be_read_are_the_cause(tmp_path: Path) -> None:
    report = examine(environment=Environment({"JUPYTER_KFP_MT_REQUEST_TIMEOUT_S": "soon"}, root=tmp_path))
    assert report.cause is not None
    assert report.cause.code == "bad-input"
    assert {row.level for row in report.checks[1:]} == {"skipped"}


def test_a_kfp_that_hangs_costs_no_more_than_the_budget(world: World) -> None:
    # given
    world.token()
    world.kfp.open.clear()
    # when
    *_, seen = gather(world.environment._replace(patience=0.3), world.settings)
    world.kfp.open.set()
    # then
    assert isinstance(seen.server, KfpError)
    assert seen.server.code == "kfp-timeout"


def test_a_kubernetes_that_hangs_leaves_the_reason_of_a_missing_token_open(world: World) -> None:
    # given
    world.options()
    world.kube.open.clear()
    # when
    *_, seen = gather(world.environment._replace(patience=0.5), world.settings)
    world.kube.open.set()
    # then
    row = next(row for row in run_checks(seen) if row.name == "Token")
    assert row.evidence.startswith("none, and the reason could not be found out: ")
    assert (row.error and row.error.code) == "kubernetes-unavailable"


def test_a_search_that_hangs_is_the_cause(world: World) -> None:
    # given
    settings = KfpSettings(data_dir=str(world.root / "none"))
    plain = {name: value for name, value in world.variables.items() if name != "NB_PREFIX"}
    over = threading.Event()
    found = world.environment._replace(variables=plain, responds=lambda _: over.wait(60), patience=0.2)
    # when
    *_, seen = gather(found, settings)
    over.set()
    # then
    row = next(row for row in run_checks(seen) if row.name == "Network")
    assert (row.level, row.error and row.error.code) == ("error", "kfp-timeout")


@pytest.mark.parametrize("kind", ["healthy", "no option", "no credential", "forbidden"])
def test_each_row_is_told_when_what_it_looks_at_has_arrived(world: World, kind: str) -> None:
    # given
    if kind != "no option":
        world.token()
    if kind in ("no credential", "forbidden"):
        world.kfp.recorded("no rights" if kind == "forbidden" else kind)
    # when
    rows: list[Check] = []
    for seen in gather(world.environment, world.settings):
        rows += run_checks(seen, len(rows))
    # then
    assert rows == list(run_checks(seen))
    assert [row.name for row in rows] == [name for name, _, _ in CHECKS]


def test_rows_come_before_kfp_has_answered(world: World) -> None:
    # given
    world.token()
    seen = list[str]()
    world.kfp.open.clear()

    def tell(row: Check) -> None:
        seen.append(row.name if world.kfp.open.is_set() else f"early {row.name}")
        if row.name == "Platform":
            world.kfp.open.set()

    # when
    report = examine(world.settings, environment=world.environment, on_check=tell)
    # then
    assert seen[:4] == ["early Configuration", "early Pod", "early Platform", "Namespace"]
    assert len(seen) == len(report.checks) == len(CHECKS)


@pytest.mark.parametrize("missing", [None, "server", "log_in"])
def test_the_checks_are_total(missing: str | None) -> None:
    place = kfp_error("no-kubeflow")
    seen = Evidence(
        now=NOW, chosen=(), place=place, server=ServerHealth("2.15.0", True, False, 0.01), log_in=True
    )
    seen = seen._replace(**{missing: kfp_error("kfp-error", status=418, text="tea")}) if missing else seen
    assert [row.name for row in run_checks(seen)] == [name for name, _, _ in CHECKS]


def test_the_report_is_markdown_with_cause_cure_versions_and_codes(world: World) -> None:
    world.options()
    text = world.examine().text
    assert "**No token for Kubeflow Pipelines.** (`no-token-no-option`)" in text
    assert "kind: PodDefault" in text
    assert "Who can do it: you." in text
    assert "| ✗ | Token | Profile alice has no “Allow access to Kubeflow Pipelines” option yet. |" in text
    assert "Python 3" in text
    assert f"{NOW:%Y-%m-%d %H:%M:%S} UTC" in text


def test_no_credential_is_in_the_report_even_when_a_server_sends_it_back(world: World) -> None:
    # given
    token = world.token()
    cookie = "oauth2_proxy_kubeflow=cookie-canary-4711; other=cookie-canary-0815"
    world.file("home/jovyan/cookie", cookie)
    world.settings.cookie_path = str(world.root / "home/jovyan/cookie")
    world.kfp.everything(418, f"you sent {token} and {cookie} and {EDITOR}")
    # when
    report = world.examine()
    # then
    everything = msgspec.json.encode(report).decode()
    hidden = (token, CANARY, EDITOR, "cookie-canary-4711", "cookie-canary-0815")
    assert [secret for secret in hidden if secret in everything] == []
    assert "(secret)" in everything or "(token)" in everything


def test_a_short_secret_does_not_blacken_the_report() -> None:
    row = Check(name="Pod", level="ok", evidence="a-pod")
    assert Scrubber(["a"]).row(row).evidence == "a-pod"


def test_a_bar_in_a_row_does_not_break_the_table() -> None:
    report = DoctorReport(checks=[Check(name="Pod", level="ok", evidence="a|b\nc")])
    assert "| ✓ | Pod | a\\|b c |  |" in add_text(report, datetime(2026, 1, 1, tzinfo=timezone.utc)).text


@pytest.mark.parametrize("written_in", ["settings", "environment"])
def test_what_a_log_in_left_in_a_pasted_address_is_not_told(tmp_path: Path, written_in: str) -> None:
    address = f"http://localhost:1/pipeline?code={CANARY}#token={CANARY}"
    arguments = {"settings": address} if written_in == "settings" else {}
    variables = {} if arguments else {"KF_PIPELINES_ENDPOINT": address}

    report = examine(
        KfpSettings(endpoint=arguments.get("settings", "")), environment=Environment(variables, tmp_path)
    )

    assert CANARY not in msgspec.json.encode(report).decode()
    assert report.checks[0].evidence.endswith(" = http://localhost:1/pipeline")


def test_an_option_of_another_name_counts(world: World) -> None:
    manifest = make_poddefault("alice")
    manifest["metadata"] = {"name": "kfp", "namespace": "alice"}
    world.options(manifest)
    report = world.examine()
    assert report.cause is not None
    assert (report.cause.code, report.who) == ("no-token-not-chosen", "you")


def test_kfp_is_looked_for_once(tmp_path: Path) -> None:
    # given: a pod that is no notebook, so that addresses are tried
    folder = tmp_path / "var/run/secrets/kubernetes.io/serviceaccount"
    folder.mkdir(parents=True)
    (folder / "namespace").write_text("alice")
    tried: list[str] = []
    env = Environment({}, root=tmp_path, responds=lambda url: bool(tried.append(url)))
    # when
    report = examine(KfpSettings(data_dir=str(tmp_path / "kfp")), environment=env)
    # then
    assert len(tried) == len(set(tried)) == 2
    assert report.cause is not None
    assert report.cause.code == "kfp-dns"
    assert report.cause.message == "No Kubeflow Pipelines at ml-pipeline.kubeflow:8888."
