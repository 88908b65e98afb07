/** Changes of many runs: a notice counts them and can stop them, and a report names those that failed. */
import { Dialog, Notification, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { BulkEvent, BulkFailure, BulkJob } from '../api/types';
import type { IBulkWords } from '../bulkwords';
import type { IBulkJobs } from '../tokens';

/** Show a notice that counts and has Stop, until the job has ended; return the job at its end. */
export async function followJob(
  jobs: IBulkJobs,
  { job_id, total }: BulkJob,
  words: IBulkWords,
  trans: TranslationBundle
): Promise<BulkJob> {
  let stopping = false;
  const stop = {
    label: trans.__('Stop'),
    callback: (event: MouseEvent): void => {
      event.preventDefault(); // the notice stays until the calls that have started have ended
      stopping = true;
      Notification.update({ id, message: trans.__('Stopping…'), actions: [] });
      jobs.stop(job_id).catch(() => undefined); // the notice goes on counting
    }
  };
  const id = Notification.emit(words.doing(0, total), 'in-progress', { autoClose: false, progress: 0, actions: [stop] });
  const count = (_: IBulkJobs, step: BulkEvent): void => {
    if (step.job_id === job_id && !stopping) {
      const progress = (step.done + step.failed) / step.total;
      Notification.update({ id, message: words.doing(step.done, total), progress, actions: [stop] });
    }
  };
  jobs.changed.connect(count);
  try {
    const ended = await jobs.follow(job_id);
    if (ended.state === 'stopped') {
      Notification.info(trans.__('Stopped. %1 of %2 done.', ended.done, total), { autoClose: 8000 });
    } else if (words.done && ended.failures.length === 0 && ended.done > 0) {
      Notification.success(words.done(ended.done), { autoClose: 5000 });
    }
    return ended;
  } finally {
    jobs.changed.disconnect(count);
    Notification.dismiss(id);
  }
}

/** Say how many were done; “Show” lists the others with their reasons, and both ask to try again. */
export function reportFailures(
  { failures, done, total }: BulkJob,
  words: IBulkWords,
  trans: TranslationBundle,
  again: (runIds: readonly string[]) => void
): void {
  const title = trans.__('%1 of %2 done.', done, total);
  const reasons = new Set(failures.map(({ error }) => error.message));
  const [reason] = reasons;
  const retry = (): void => again(failures.map(({ run_id }) => run_id));
  Notification.error(reasons.size === 1 ? `${title} ${reason}` : title, {
    autoClose: false,
    actions: [
      { label: trans.__('Show'), callback: () => void showFailures() },
      { label: trans.__('Try again'), callback: retry }
    ]
  });

  async function showFailures(): Promise<void> {
    const text = words.failed(failures.length);
    const body = ReactWidget.create(<Failures failures={failures} text={text} trans={trans} />);
    body.addClass('jp-kfp');
    const { button } = await showDialog({
      title: trans.__('%1 of %2 done', done, total),
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
}

interface IFailuresProps {
  readonly failures: readonly BulkFailure[];
  readonly text: string;
  readonly trans: TranslationBundle;
}

function Failures({ failures, text, trans }: IFailuresProps): React.JSX.Element {
  return (
    <div className="jp-kfp-Scroll">
      <p>{text}</p>
      <table className="jp-kfp-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Run')}</th>
            <th scope="col">{trans.__('Reason')}</th>
          </tr>
        </thead>
        <tbody>
          {failures.map(({ run_id, display_name, error }) => (
            <tr key={run_id}>
              <th scope="row">{display_name || run_id}</th>
              <td>{[error.message, error.why, error.next].filter(part => part !== '').join(' ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
