/** One action on several runs: a notice counts them and can stop it, and a report names those that failed. */
import { Dialog, Notification, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { toErrorBody } from '../api/errors';
import type { ErrorBody, Run } from '../api/types';

/** How many runs are acted on at the same time: pages and servers open about as many connections. */
const AT_ONCE = 8;
/** Milliseconds between two counts in the notice. */
const COUNT = 100;

/** A run and why the action on it failed. */
export interface IFailed {
  readonly run: Run;
  readonly error: ErrorBody;
}

/** What came of an action; runs in neither list were left when it was stopped. */
export interface IBulkResult {
  readonly done: readonly Run[];
  readonly failed: readonly IFailed[];
}

/** The words of an action. */
export interface IBulkWords {
  /** While the action is at run `number` of `total`. */
  readonly doing: (number: number, total: number) => string;
  /** After all; without it nothing is said. */
  readonly done?: (count: number) => string;
}

/** Act on runs, eight at a time, until all are done or `isStopped`; `onStep` hears how many have ended. */
export async function actOnEach(
  runs: readonly Run[],
  act: (run: Run) => Promise<unknown>,
  onStep: (ended: number) => void = () => undefined,
  isStopped: () => boolean = () => false
): Promise<IBulkResult> {
  const waiting = [...runs];
  const done: Run[] = [];
  const failed: IFailed[] = [];
  const work = async (): Promise<void> => {
    for (let run = waiting.shift(); run && !isStopped(); run = waiting.shift()) {
      try {
        await act(run);
        done.push(run);
      } catch (error) {
        failed.push({ run, error: toErrorBody(error) });
      }
      onStep(done.length + failed.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, runs.length) }, work));
  return { done, failed };
}

/** Act on several runs with a notice that counts and has Stop; the page asks before it closes meanwhile. */
export async function actOnMany(
  runs: readonly Run[],
  act: (run: Run) => Promise<unknown>,
  words: IBulkWords,
  trans: TranslationBundle
): Promise<IBulkResult> {
  const total = runs.length;
  let stopped = false;
  let shown = 0;
  const stop = {
    label: trans.__('Stop'),
    callback: (event: MouseEvent): void => {
      event.preventDefault(); // the notice stays until the actions that have started have ended
      stopped = true;
      Notification.update({ id, message: trans.__('Stopping…'), actions: [] });
    }
  };
  const id = Notification.emit(words.doing(1, total), 'in-progress', { autoClose: false, progress: 0, actions: [stop] });
  const onStep = (ended: number): void => {
    const now = Date.now();
    if (!stopped && now - shown >= COUNT) {
      shown = now;
      const message = words.doing(Math.min(ended + 1, total), total);
      Notification.update({ id, message, progress: ended / total, actions: [stop] });
    }
  };
  window.addEventListener('beforeunload', askBeforeClosing);
  try {
    const result = await actOnEach(runs, act, onStep, () => stopped);
    const { length } = result.done;
    if (stopped && length + result.failed.length < total) {
      Notification.info(trans.__('Stopped. %1 of %2 done.', length, total), { autoClose: 8000 });
    } else if (words.done && !result.failed.length) {
      Notification.success(words.done(length), { autoClose: 5000 });
    }
    return result;
  } finally {
    window.removeEventListener('beforeunload', askBeforeClosing);
    Notification.dismiss(id);
  }
}

function askBeforeClosing(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Say how many of `total` were done; “Show” lists the others with their reasons, and both ask to try again. */
export function reportFailures(
  failed: readonly IFailed[],
  done: number,
  total: number,
  trans: TranslationBundle,
  again: (runs: readonly Run[]) => void
): void {
  const title = trans.__('%1 of %2 done.', done, total);
  const reasons = new Set(failed.map(({ error }) => error.message));
  const [reason] = reasons;
  const retry = (): void => again(failed.map(({ run }) => run));
  Notification.error(reasons.size === 1 ? `${title} ${reason}` : title, {
    autoClose: false,
    actions: [
      { label: trans.__('Show'), callback: () => void showFailures(failed, title, trans, retry) },
      { label: trans.__('Try again'), callback: retry }
    ]
  });
}

async function showFailures(
  failed: readonly IFailed[],
  title: string,
  trans: TranslationBundle,
  retry: () => void
): Promise<void> {
  const body = ReactWidget.create(<Failures failed={failed} trans={trans} />);
  body.addClass('jp-kfp');
  const { button } = await showDialog({
    title,
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Close') }),
      Dialog.okButton({ label: trans.__('Try failed again') })
    ]
  });
  if (button.accept) {
    retry();
  }
}

function Failures(props: { readonly failed: readonly IFailed[]; readonly trans: TranslationBundle }): React.JSX.Element {
  const { failed, trans } = props;
  return (
    <div className="jp-kfp-Scroll">
      <table className="jp-kfp-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Run')}</th>
            <th scope="col">{trans.__('Reason')}</th>
          </tr>
        </thead>
        <tbody>
          {failed.map(({ run, error }) => (
            <tr key={run.run_id}>
              <th scope="row">{run.display_name || run.run_id}</th>
              <td>{[error.message, error.why, error.next].filter(part => part !== '').join(' ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
