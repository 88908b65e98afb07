"""The base of our widgets: plain HTML with controls below, updated from the server while it is displayed.

The HTML of a widget that a cell displays is an ordinary output, changed in place, so that a saved notebook
shows the last state without a kernel. Within another widget it is an HTML widget.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from IPython import get_ipython
from IPython.display import publish_display_data
from ipywidgets import HTML, HBox, VBox, Widget

from .. import display
from ..connection import connect
from ..display import Block
from ..errors import KfpError, KfpNotFoundError, KfpNotStartedError
from ..service import KfpService
from ..ticker import Ticker

Listener = Callable[[Any], object]


class Listeners:
    """Callbacks of users; one that raises does not stop the others."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._functions: list[Listener] = []
        self._complain = complain

    def add(self, function: Listener) -> None:
        """Call `function` from now on."""
        self._functions.append(function)

    def call_all(self, value: object) -> None:
        """Call all functions with `value`."""
        for function in self._functions:
            self.call(function, value)

    def call(self, function: Listener, value: object) -> None:
        """Call one function; show the error that it raises."""
        try:
            function(value)
        except Exception as error:  # code of users in our thread: show the error, and continue
            said = error.message if isinstance(error, KfpError) else error
            self._complain(f"{type(error).__name__} in {getattr(function, '__name__', 'a callback')}: {said}")


class LiveView(VBox):
    """HTML with controls; `_draw` draws it, `_update` keeps it up to date while it is displayed."""

    def __init__(self, service: KfpService | None, **layout: Any) -> None:
        self._html = HTML()
        self._notice = HTML()
        self._controls = HBox()
        super().__init__(children=(self._html, self._notice, self._controls), **layout)
        self._service = service
        self._ticker = Ticker(limit=1)
        self._display_id = ""
        self._visible = False
        self._outputs: list[Widget] = []  # below the HTML in a cell
        self._busy = False
        self._shell = get_ipython()
        self._errors = Listeners(self._complain)
        if self._shell is not None:
            self._shell.events.register("pre_run_cell", self._on_busy)
            self._shell.events.register("post_run_cell", self._on_free)

    @property
    def service(self) -> KfpService:
        """The service that the widget acts through; found as `connect()` finds it."""
        if self._service is None:
            self._service = connect(start_embedded=None)
        return self._service

    def on_error(self, function: Listener) -> None:
        """Call `function` with every KfpError of a button or a background update."""
        self._errors.add(function)

    def attach(self) -> None:
        """Start the updates; for a widget that is displayed within another."""
        self._visible = True
        self._follow()

    def close(self) -> None:
        """Remove the widget and stop its updates."""
        self._visible = False  # so that nothing starts them again
        self._ticker.close()
        if self._shell is not None:
            for event, function in (("pre_run_cell", self._on_busy), ("post_run_cell", self._on_free)):
                if function in self._shell.events.callbacks[event]:
                    self._shell.events.unregister(event, function)
        self._shell = None
        for output in self._outputs:
            close_tree(output)
            output.close()
        close_tree(self)
        super().close()

    # implemented by each widget

    def _block(self) -> Block:
        """Return what to draw."""
        raise NotImplementedError

    def _update(self) -> bool:
        """Ask the server and set the traits; return True when nothing more can change."""
        raise NotImplementedError

    def _on_pause(self, paused: bool) -> None:
        """The kernel became busy, or free again."""

    # shared by all widgets

    def _draw(self) -> None:
        drawn = self._block()
        self._html.value = display.draw_html(drawn)
        if self._display_id and hasattr(self._shell, "kernel"):  # a terminal cannot change its output
            self._publish(drawn, update=True)

    def _act(self, work: Callable[[], object]) -> None:
        """Do the work of a button; an error is shown in the widget and goes to `on_error`."""
        self._notice.value = ""
        try:
            work()
        except KfpError as error:
            self._show_error(error)

    def _show_error(self, error: KfpError) -> None:
        self._notice.value = display.draw_html(display.describe_error(error))
        self._errors.call_all(error)

    def _complain(self, sentence: str) -> None:
        self._notice.value = display.draw_html(display.describe_sentence(sentence))

    def _follow(self) -> None:
        """Update regularly, as long as the widget is displayed and something can change."""
        if self._visible:
            self._ticker.add(
                "update",
                self._update_unless_busy,
                every=self.service.poll_interval,
            )

    def _update_unless_busy(self) -> bool:
        if self._busy:
            self._on_pause(True)
            return False
        self._on_pause(False)
        try:
            return self._update()
        except KfpNotStartedError as error:
            self._show_error(error)
            return True
        except KfpNotFoundError:  # deleted: the last state stays
            return True

    def _on_busy(self, *_about_cell: object) -> None:
        self._busy = True

    def _on_free(self, *_about_cell: object) -> None:
        self._busy = False

    def _ipython_display_(self) -> None:
        """Display the picture as HTML of the notebook, and the controls below it."""
        if self.comm is None:
            return
        self._display_id = uuid.uuid4().hex
        self._publish(self._block(), update=False)
        below = VBox((self._notice, self._controls))
        self._outputs.append(below)
        publish_display_data({**(below._repr_mimebundle_() or {}), "text/plain": ""})
        self.attach()

    def _publish(self, drawn: Block, *, update: bool) -> None:
        publish_display_data(
            {"text/plain": display.draw_text(drawn), "text/html": display.draw_html(drawn)},
            {},
            transient={"display_id": self._display_id},
            update=update,
        )


def close_tree(widget: Widget) -> None:
    """Close everything inside `widget`, and its layout and style; ipywidgets leaves those open."""
    for child in getattr(widget, "children", ()):
        close_tree(child)
        child.close()
    for part in (getattr(widget, "layout", None), getattr(widget, "style", None)):
        if isinstance(part, Widget):
            part.close()
