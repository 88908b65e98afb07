import { ReactWidget } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import type * as React from 'react';

/** Return a widget that `draw` draws now and after each of `signals`. */
export function render(
  draw: () => React.JSX.Element | null,
  ...signals: readonly ISignal<object, unknown>[]
): ReactWidget {
  const widget = new Drawn(draw);
  const redraw = (): void => widget.update();
  signals.forEach(signal => signal.connect(redraw));
  widget.disposed.connect(() => signals.forEach(signal => signal.disconnect(redraw)));
  return widget;
}

class Drawn extends ReactWidget {
  constructor(private readonly _draw: () => React.JSX.Element | null) {
    super();
  }

  protected override onAfterShow(): void {
    this.update();
  }

  protected render(): React.JSX.Element | null {
    return this._draw();
  }
}
