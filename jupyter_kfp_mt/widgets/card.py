"""`RunCard`: one run in a cell, kept up to date."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ipywidgets import Button
from traitlets import Bool, Instance, List, Unicode, observe

from .. import display
from ..display import Block
from ..models import Phase, Run, RunView, Task
from ..plain_text import clean
from ..run_rules import has_log, may_retry, may_terminate
from ..service import KfpService
from .live_view import Listener, Listeners, LiveView, close_tree

BUSY = "Paused while the kernel is busy."
_LOG_LINES = 12


class RunCard(LiveView):
    """State, tasks and latest message of a run; `run` is a Run, an id, a name or `@last`.

    `state`, `tasks`, `message` and `paused` can be observed; they change while the card is displayed.
    """

    run_id = Unicode(help="id of the run")
    state = Unicode(read_only=True, help="its state, as KFP writes it")
    tasks = List(Instance(Task), read_only=True, help="its tasks, as models")
    message = Unicode(read_only=True, help="one sentence about the current state")
    paused = Bool(False, read_only=True, help="whether the card waits for the kernel")

    def __init__(self, run: Run | str, *, service: KfpService | None = None, **layout: Any) -> None:
        super().__init__(service, **layout)
        self._finished = Listeners(self._complain)
        self._log = False
        self._buttons = {
            name: Button(description=name, tooltip=tooltip)
            for name, tooltip in (
                ("Terminate", "Stop the run now. Finished tasks keep their results."),
                ("Retry", "Continue from where it stopped."),
                ("Log", "Show or hide the end of the log."),
            )
        }
        for name, work in (("Terminate", self.terminate), ("Retry", self.retry), ("Log", self._toggle_log)):
            self._buttons[name].on_click(lambda _button, work=work: self._act(work))
        known = run if isinstance(run, Run) else self.service.find_run(run)
        self._view = RunView(run=known)
        self.run_id = known.run_id

    def wait(self, timeout: float | None = None) -> Run:
        """Wait until the run has ended, at most `timeout` seconds; raises RunFailed, RunTimeout."""
        try:
            return self.service.wait(self.run_id, timeout=timeout, on_change=self._show_change)
        finally:
            self._update()

    def close(self) -> None:
        """Remove the card and stop its updates; the run continues."""
        for button in self._buttons.values():  # hidden ones, too
            close_tree(button)
            button.close()
        super().close()

    def _show_change(self, _run: Run) -> None:
        self._update()

    def terminate(self) -> None:
        """Stop the run."""
        self.service.terminate(self.run_id)
        self._update()

    def retry(self) -> None:
        """Continue the run from where it stopped."""
        self.service.retry(self.run_id)
        self._update()
        self._follow()

    def on_finished(self, function: Listener) -> None:
        """Call `function` with the run when it has ended, at once if it has already."""
        self._finished.add(function)
        if self.state and self._view.run.ended:
            self._finished.call(function, self._view.run)

    @observe("run_id")
    def _show_run(self, _change: object) -> None:
        self._update()
        self._follow()

    def _update(self) -> bool:
        was_ended = bool(self.state) and self._view.run.ended
        self._show(self.service.view_run(self.run_id))
        if self._view.run.ended and not was_ended:
            self._finished.call_all(self._view.run)
        return self._view.run.ended

    def _show(self, view: RunView) -> None:
        self._view = view
        self.set_trait("tasks", list(view.tasks))
        self.set_trait("message", self._latest_message(view))
        self.set_trait("state", view.run.phase.value)
        shown = ["Log"]
        shown += ["Terminate"] if may_terminate(view.run.phase) else []
        shown += ["Retry"] if may_retry(view.run.phase) else []
        self._controls.children = tuple(self._buttons[name] for name in shown)
        self._draw()

    def _latest_message(self, view: RunView) -> str:
        """Return why the run failed or what it waits for, else the last log line of the running task."""
        if view.message:
            return view.message
        running = [task for task in view.tasks if task.phase is Phase.RUNNING and has_log(task.type)]
        if not running:
            return ""
        chunk = self.service.log(self.run_id, running[0].task_id, tail=1)
        line = clean(chunk.text)
        return f"{running[0].display_name or running[0].name}: {line}" if line else ""

    def _toggle_log(self) -> None:
        self._log = not self._log
        text = self.service.logs(self.run_id, tail=_LOG_LINES) if self._log else ""
        self._notice.value = display.draw_html(display.Prose(text)) if self._log else ""

    def _on_pause(self, paused: bool) -> None:
        if paused != self.paused:
            self.set_trait("paused", paused)
            self._draw()

    def _block(self) -> Block:
        note = "" if self._view.run.ended else f"State at {datetime.now().astimezone():%H:%M}"
        return display.describe_view(self._view, message=self.message, note=BUSY if self.paused else note)
