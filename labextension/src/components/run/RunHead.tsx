import * as React from 'react';

import type { Run } from '../../api/types';
import { instant, type Format } from '../../format';
import { describePhase } from '../../phase';
import { isActive, isArchived } from '../../rules';
import { Button } from '../Button';
import type { IFreshness } from '../now';
import { StateIcon } from '../StateIcon';

export interface IRunHeadProps {
  readonly run: Run;
  readonly format: Format;
  readonly now: number;
  readonly freshness: IFreshness;
  readonly onCopyId: () => void;
  readonly onRetryNow: () => void;
}

/** Milliseconds without news after which the head says so and offers to retry. */
const STALE = 180_000;

/** The head of the run view: name, state and place of the run. */
export function RunHead(props: IRunHeadProps): React.JSX.Element {
  const { run, format } = props;
  const { trans } = format;
  return (
    <div className="jp-kfp-Head">
      <div className="jp-kfp-Head-line">
        <StateIcon phase={run.phase} raw={run.state} trans={trans} decorative />
        <h2 className="jp-kfp-cut" title={run.display_name}>
          {run.display_name}
        </h2>
        <span title={describeCancel(run, format)}>{describePhase(run.phase, trans, run.state)}</span>
        {isArchived(run) && <span className="jp-kfp-Badge">{trans.__('Archived')}</span>}
        <span className="jp-kfp-grow" />
        <Button
          label={format.shortId(run.run_id)}
          kind="quiet"
          className="jp-kfp-mono"
          title={trans.__('Copy run id')}
          onClick={props.onCopyId}
        />
        <Updated {...props} />
      </div>
      <Facts {...props} />
    </div>
  );
}

function Updated({ run, format, now, freshness, onRetryNow }: IRunHeadProps): React.JSX.Element {
  const { trans } = format;
  const age = Math.max(0, now - freshness.updatedAt);
  if (isActive(run.phase) && age > STALE) {
    return (
      <span className="jp-kfp-dim jp-kfp-small">
        {trans.__('Not updated for %1', format.duration(age / 1000))}
        <Button label={trans.__('Retry')} kind="quiet" title={trans.__('Ask again')} onClick={onRetryNow} />
      </span>
    );
  }
  const words =
    age < 2000 ? trans.__('Updated just now') : trans.__('Updated %1 ago', format.duration(Math.floor(age / 1000)));
  return <span className="jp-kfp-dim jp-kfp-small jp-kfp-num jp-kfp-Head-updated">{words}</span>;
}

function Facts({ run, format, now }: IRunHeadProps): React.JSX.Element {
  const { trans } = format;
  const active = isActive(run.phase);
  const took = format.took(run.created_at, run.finished_at, now);
  const facts = [
    run.experiment_name,
    run.namespace,
    trans.__('started %1', format.moment(run.created_at, now)),
    active ? took : trans.__('took %1', took),
    active ? describeProgress(run, format) : ''
  ];
  const known = active || instant(run.finished_at) !== null;
  return (
    <div className="jp-kfp-Head-facts">
      {facts.map((fact, index) =>
        fact && (known || index !== 3) ? (
          <span key={index} title={index === 2 ? format.tooltip(run.created_at) : undefined} className="jp-kfp-num">
            {fact}
          </span>
        ) : null
      )}
    </div>
  );
}

/** “2 of 5 tasks” when the total is known, else “2 tasks done”. */
function describeProgress(run: Run, { trans }: Format): string {
  if (!run.progress) {
    return '';
  }
  const { done, total } = run.progress;
  return total === null
    ? trans._n('%1 task done', '%1 tasks done', done)
    : trans._n('%2 of %1 task', '%2 of %1 tasks', total, done);
}

function describeCancel(run: Run, format: Format): string | undefined {
  if (run.phase !== 'CANCELED' || run.state !== 'FAILED') {
    return undefined;
  }
  const canceling = run.state_history.find(entry => entry.state === 'CANCELING');
  return format.trans.__('KFP reports FAILED. Terminated %1.', format.exact(canceling?.update_time));
}
