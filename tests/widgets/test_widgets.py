from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import pytest
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets import Widget

from jupyter_kfp_mt.errors import KfpError, KfpInputError, KfpNotFoundError, RunFailed
from jupyter_kfp_mt.models import Run
from jupyter_kfp_mt.service import KfpService
from jupyter_kfp_mt.widgets import KfpPanel, RunCard, RunsTable, SubmitForm
from tests.laptop import BROKEN, HELLO, Laptop


def until(true: Callable[[], object]) -> None:
    """Wait until something becomes true; the time limit is that of the test."""
    pause = threading.Event()
    while not true():
        pause.wait(0.05)


def press(widget: Widget, name: str) -> None:
    """Press the button `name` somewhere in `widget`."""
    find_button(widget, name).click()


def find_button(widget: Widget, name: str) -> Widget:
    return next(each for each in everything(widget) if getattr(each, "description", "") == name)


def everything(widget: Widget) -> list[Widget]:
    return [widget, *(inner for child in getattr(widget, "children", ()) for inner in everything(child))]


def html(widget: Widget) -> str:
    return "".join(getattr(each, "value", "") for each in everything(widget) if type(each).__name__ == "HTML")


def field(form: SubmitForm, name: str) -> Widget:
    """Return the row of a parameter: its label, control and problem."""
    rows = [each for each in everything(form) if len(getattr(each, "children", ())) == 3]
    return next(row for row in rows if f">{name} <" in getattr(row.children[0], "value", ""))


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """The shell of this process, as in a kernel."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture
def slow(service: KfpService, laptop: Laptop) -> Run:
    return service.submit(laptop.quick, {"seconds": 60.0})


def test_a_card_shows_its_run(service: KfpService) -> None:
    run = service.wait(service.submit(HELLO))
    card = RunCard(run, service=service)
    assert (card.run_id, card.state, len(card.tasks)) == (run.run_id, "SUCCEEDED", 3)
    assert "3 of 3 tasks" in html(card)
    card.close()


def test_a_card_is_found_by_word(service: KfpService, laptop: Laptop) -> None:
    run = service.submit(laptop.quick, name="by-this-word")
    card = RunCard("by-this-word", service=service)
    assert card.run_id == run.run_id
    card.close()
    with pytest.raises(KfpNotFoundError):
        RunCard("no-such-run", service=service)


def test_a_card_says_why_its_run_failed(service: KfpService) -> None:
    card = RunCard(service.submit(BROKEN), service=service)
    with pytest.raises(RunFailed):
        card.wait(60)
    assert card.state == "FAILED"
    assert "data/raw.csv" in card.message
    card.close()


def test_a_displayed_card_follows_its_run(service: KfpService, laptop: Laptop) -> None:
    states, ended = [], []
    card = RunCard(service.submit(laptop.quick, {"seconds": 1.0}, cache="off"), service=service)
    card.observe(lambda change: states.append(change.new), "state")
    card.on_finished(ended.append)
    card.attach()
    until(lambda: ended)
    card.close()
    assert states[-1] == "SUCCEEDED"
    assert [run.run_id for run in ended] == [card.run_id]


def test_a_card_terminates_its_run(service: KfpService, slow: Run) -> None:
    card = RunCard(slow, service=service)
    press(card, "Terminate")
    with pytest.raises(RunFailed):
        card.wait(60)
    assert card.state == "CANCELED"
    press(card, "Retry")
    assert card.state in {"PENDING", "RUNNING"}
    card.terminate()
    card.close()


def test_a_card_pauses_while_the_kernel_is_busy(
    shell: InteractiveShell, service: KfpService, slow: Run
) -> None:
    card = RunCard(slow, service=service)
    card.attach()
    shell.events.trigger("pre_run_cell", None)
    until(lambda: card.paused)
    assert "Paused while the kernel is busy." in html(card)
    shell.events.trigger("post_run_cell", None)
    until(lambda: not card.paused)
    card.terminate()
    card.close()


def test_closed_widgets_leave_nothing_behind(service: KfpService, slow: Run) -> None:
    threads, widgets = threading.active_count(), len(Widget.widgets)
    cards = [RunCard(slow, service=service) for _ in range(50)]
    for card in cards:
        card.attach()
    assert threading.active_count() == threads + 50
    for card in cards:
        card.close()
    assert threading.active_count() == threads
    assert len(Widget.widgets) == widgets
    service.terminate(slow)


@pytest.mark.parametrize(
    "make",
    [lambda s: SubmitForm(HELLO, service=s), lambda s: RunsTable(service=s), lambda s: KfpPanel(service=s)],
)
def test_every_widget_closes_all_its_parts(service: KfpService, make: Callable[[KfpService], Widget]) -> None:
    threads, widgets = threading.active_count(), len(Widget.widgets)
    made = make(service)
    made.close()
    assert (threading.active_count(), len(Widget.widgets)) == (threads, widgets)


def test_a_card_whose_run_is_deleted_stays_as_it_was(service: KfpService, laptop: Laptop) -> None:
    run = service.wait(service.submit(laptop.quick))
    card = RunCard(run, service=service)
    service.delete_run(run)
    press(card, "Log")
    assert "No such run" in html(card)
    card.close()


def test_a_callback_that_raises_is_shown(service: KfpService, laptop: Laptop) -> None:
    card = RunCard(service.submit(laptop.quick, cache="off"), service=service)

    def careless(_run: Run) -> None:
        raise RuntimeError("oh <b>no</b>")

    card.on_finished(careless)
    card.wait(60)
    assert "RuntimeError in careless: oh &lt;b&gt;no&lt;/b&gt;" in html(card)
    card.close()


def test_a_callback_for_a_run_that_has_ended_is_called_at_once(service: KfpService, laptop: Laptop) -> None:
    card = RunCard(service.wait(service.submit(laptop.quick)), service=service)
    ended: list[Run] = []

    def careless(run: Run) -> None:
        ended.append(run)
        raise RuntimeError("oh no")

    card.on_finished(careless)
    card.wait(60)
    assert [run.run_id for run in ended] == [card.run_id]
    assert "RuntimeError in careless: oh no" in html(card)
    card.close()


def test_a_form_is_made_of_the_parameters(service: KfpService, laptop: Laptop) -> None:
    form = SubmitForm(laptop.quick, experiment="forms", service=service)
    assert form.values == {"seconds": 0.0, "epochs": 10, "flag": True}
    assert (form.valid, form.errors, form.run) == (True, {}, None)
    form.close()


def test_a_form_submits_what_was_set(service: KfpService, laptop: Laptop) -> None:
    sent: list[Run] = []
    form = SubmitForm(laptop.quick, experiment="forms", service=service)
    form.values = {"epochs": 3, "config": {"a": [1]}}
    form.name = "from-a-form"
    form.on_submitted(sent.append)
    assert form.request()["parameters"] == {"epochs": 3, "config": {"a": [1]}}
    press(form, "Run")
    assert [run.display_name for run in sent] == ["from-a-form"]
    assert form.run.runtime_config.parameters["epochs"] == 3
    assert service.wait(form.run).experiment_name == "forms"
    form.close()


@pytest.mark.parametrize(
    "values", [{"epochs": "three"}, {"epochs": 1.5}, {"nme": 1}, {"config": [1]}, {"flag": "yes"}]
)
def test_wrong_values_raise_at_once_and_change_nothing(
    service: KfpService, laptop: Laptop, values: dict[str, object]
) -> None:
    form = SubmitForm(laptop.quick, service=service)
    before = dict(form.values)
    with pytest.raises(KfpInputError):
        form.values = values
    assert form.values == before
    form.close()


def test_what_is_typed_wrongly_is_shown_beside_its_field_and_not_sent(
    service: KfpService, laptop: Laptop
) -> None:
    form = SubmitForm(laptop.quick, service=service)
    _, control, problem = field(form, "epochs").children
    control.value = "three"
    assert form.errors == {"epochs": "epochs: “three” is not an integer."}
    assert "“three” is not an integer" in problem.value
    assert not form.valid
    with pytest.raises(KfpInputError):
        form.submit()
    control.value = "4"
    assert (form.valid, form.values["epochs"]) == (True, 4)
    form.close()


def test_reset_goes_back_to_the_defaults(service: KfpService, laptop: Laptop) -> None:
    form = SubmitForm(laptop.quick, service=service)
    form.values = {"epochs": 3}
    press(form, "Reset all")
    assert form.values == {"seconds": 0.0, "epochs": 10, "flag": True}
    assert form.request()["parameters"] == {}
    form.close()


def test_a_source_that_is_no_pipeline_raises(service: KfpService) -> None:
    with pytest.raises(KfpError):
        SubmitForm("setup.cfg", service=service)


def test_another_source_that_is_no_pipeline_changes_nothing(service: KfpService, laptop: Laptop) -> None:
    form = SubmitForm(laptop.quick, service=service)
    with pytest.raises(KfpError):
        form.source = "setup.cfg"
    assert (form.source, form.valid, form.values["epochs"]) == (laptop.quick, True, 10)
    form.source = HELLO
    assert set(form.values) == {"name"}
    form.close()


def test_an_empty_form_says_what_to_do(service: KfpService) -> None:
    form = SubmitForm(service=service)
    assert "Choose what to run." in html(form)
    with pytest.raises(KfpInputError):
        form.submit()
    form.close()


def test_an_error_of_the_button_is_told(service: KfpService, laptop: Laptop) -> None:
    reported: list[KfpError] = []
    form = SubmitForm(laptop.quick, service=service)
    form.on_error(reported.append)
    form.name = "x" * 300
    press(form, "Run")
    assert [error.code for error in reported] == ["bad-input"]
    assert not form.busy
    form.close()


def test_cache_is_one_of_three(service: KfpService) -> None:
    form = SubmitForm(service=service)
    with pytest.raises(KfpInputError, match="cache: “maybe” is not compiled, on or off"):
        form.cache = "maybe"
    form.close()


def test_a_table_filters_and_selects(service: KfpService, laptop: Laptop) -> None:
    run = service.submit(laptop.quick, experiment="tables")
    chosen: list[list[str]] = []
    table = RunsTable(experiment="tables", limit=5, service=service)
    table.on_select(chosen.append)
    table.selected = [run.run_id]
    assert [each.run_id for each in table.runs] == [run.run_id]
    assert chosen == [[run.run_id]]
    assert list(table.to_df()["run_id"]) == [run.run_id]
    with pytest.raises(KfpInputError, match="“colour” is not one of"):
        table.filter = {"colour": "red"}
    with pytest.raises(KfpInputError, match="Did you mean “state”"):
        RunsTable(stat=["FAILED"], service=service)
    with pytest.raises(KfpInputError, match="“BAD” is not a state"):
        RunsTable(state=["BAD"], service=service)
    table.close()


def test_a_panel_shows_who_and_where_and_the_runs(service: KfpService, laptop: Laptop) -> None:
    service.submit(laptop.quick, name="for-the-panel")
    panel = KfpPanel(service=service)
    assert (panel.connection, panel.namespace) == ("connected", "ana")
    assert panel.runs[0].display_name == "for-the-panel"
    assert "ana as default-editor" in html(panel)
    panel.filter = {"search": "nothing-like-this"}
    assert panel.runs == []
    panel.close()


def test_a_panel_tells_a_namespace_that_is_not_mine(service: KfpService) -> None:
    panel = KfpPanel(service=service)
    panel.namespace = "somebody-else"
    assert (panel.connection, panel.runs) == ("not connected", [])
    panel.close()
    with pytest.raises(KfpError):
        KfpPanel(namespace="somebody-else", service=service)


def test_a_panel_acts_on_the_chosen_runs(service: KfpService, laptop: Laptop) -> None:
    running = service.submit(laptop.quick, {"seconds": 60}, experiment="chosen", cache="off")
    ended = service.wait(service.submit(laptop.quick, experiment="chosen"))
    panel = KfpPanel(service=service)
    panel.filter = {"experiment": "chosen"}
    verbs = ("Terminate", "Retry", "Archive")
    assert all(find_button(panel, verb).disabled for verb in verbs)
    panel.selected = [ended.run_id]
    assert [verb for verb in verbs if not find_button(panel, verb).disabled] == ["Archive"]
    panel.selected = [ended.run_id, running.run_id]
    assert not find_button(panel, "Terminate").disabled
    press(panel, "Terminate")
    with pytest.raises(RunFailed):
        service.wait(running, timeout=60)
    panel.close()


def test_listeners_to_values_are_told_once_and_of_all(service: KfpService, laptop: Laptop) -> None:
    told: list[dict[str, object]] = []
    form = SubmitForm(laptop.quick, service=service)
    form.observe(lambda change: told.append(dict(change.new)), "values")
    form.values = {"epochs": 3}
    assert told == [form.values] == [{"seconds": 0.0, "epochs": 3, "flag": True}]
    with pytest.raises(KfpInputError, match="epochz") as caught:
        form.values = {"epochz": 3}
    assert "epochs" in caught.value.why
    form.close()


def test_a_form_takes_a_registered_pipeline(service: KfpService, laptop: Laptop) -> None:
    service.upload(laptop.quick, name="in-a-form")
    form = SubmitForm("pipeline:in-a-form", service=service)
    assert form.values["epochs"] == 10
    assert form.submit().pipeline_version_reference is not None
    form.close()


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(name for name, _ in attrs if name.startswith("on"))}


def test_hostile_names_stay_text(service: KfpService, laptop: Laptop) -> None:
    run = service.submit(laptop.quick, name="<script>x</script><img onerror=y>", experiment="<img onerror=z>")
    card, table = RunCard(run, service=service), RunsTable(limit=1, service=service)
    assert not {"script", "img", "onerror"} & Tags(html(card) + html(table)).seen
    card.close()
    table.close()
