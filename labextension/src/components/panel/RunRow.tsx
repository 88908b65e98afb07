import { ellipsesIcon, refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Run } from '../../api/types';
import { instant } from '../../format';
import type { Format } from '../../format';
import { describePhase } from '../../phase';
import { isArchived, isTimed, mayDo } from '../../rules';
import { Button } from '../Button';
import { CutName } from '../CutName';
import { StateIcon } from '../StateIcon';

/** The actions on a row. */
export interface IRunRowActions {
  readonly onOpen: (runId: string) => void;
  readonly onTerminate: (runId: string) => void;
  readonly onRetry: (runId: string) => void;
  /** Show the menu of a row at a place of the page. */
  readonly onMenu: (runId: string, x: number, y: number) => void;
}

export interface IRunRowProps extends IRunRowActions {
  readonly run: Run;
  readonly index: number;
  readonly top: number;
  readonly selected: boolean;
  /** The one row of the list that Tab reaches. */
  readonly current: boolean;
  readonly format: Format;
  readonly now: number;
  /** Why nothing can be changed now. */
  readonly off?: string;
  /** Its metrics in words, as far as they are known. */
  readonly metrics?: (run: Run) => readonly string[];
  readonly onPress: (runId: string, event: React.MouseEvent) => void;
  readonly onToggle: (runId: string) => void;
}

/** One run: state, name and time; experiment, progress or failure, and duration. */
export function RunRow(props: IRunRowProps): React.JSX.Element {
  const { run, format, now, selected } = props;
  const { trans } = format;
  const created = format.moment(run.created_at, now);
  const word = describePhase(run.phase, trans, run.state);
  const name = run.display_name || run.run_id;
  const label = trans.__('%1, %2, experiment %3, started %4', word, name, run.experiment_name, created);
  return (
    <div
      className="jp-kfp-RunRow"
      role="row"
      data-run-id={run.run_id}
      style={{ transform: `translateY(${props.top}px)` }}
      tabIndex={props.current ? 0 : -1}
      aria-rowindex={props.index + 1}
      aria-selected={selected}
      aria-label={label}
      title={name}
      onClick={event => props.onPress(run.run_id, event)}
      onContextMenu={event => props.onPress(run.run_id, event)}
    >
      <span
        className="jp-kfp-RunRow-icon"
        role="gridcell"
        onClick={event => {
          event.stopPropagation();
          props.onToggle(run.run_id);
        }}
      >
        <StateIcon phase={run.phase} raw={run.state} trans={trans} />
        <input
          className="jp-kfp-RunRow-check"
          type="checkbox"
          aria-label={trans.__('Select')}
          tabIndex={-1}
          checked={selected}
          readOnly
        />
      </span>
      <span className="jp-kfp-cut" role="gridcell">
        <CutName name={name} />
      </span>
      <span className="jp-kfp-RunRow-time jp-kfp-num" role="gridcell" title={format.tooltip(run.created_at)}>
        {created}
      </span>
      <span className="jp-kfp-RunRow-detail" role="gridcell">
        {run.experiment_name && <span className="jp-kfp-RunRow-exp">{run.experiment_name}</span>}
        <RunFacts run={run} format={format} now={now} />
        {props.metrics?.(run).map(metric => (
          <span key={metric} className="jp-kfp-num">
            {metric}
          </span>
        ))}
        {isArchived(run) && (
          <span className="jp-kfp-RunRow-badge">
            <span className="jp-kfp-Badge" title={trans.__('Archived: it is not in the list without this filter.')}>
              {trans.__('Archived')}
            </span>
          </span>
        )}
      </span>
      <RunRowButtons {...props} />
    </div>
  );
}

/** The progress or the failure of a run, and its duration. */
function RunFacts(props: { readonly run: Run; readonly format: Format; readonly now: number }): React.JSX.Element {
  const { run, format, now } = props;
  const took = instant(run.created_at) === null ? '' : format.took(run.created_at, run.finished_at, now);
  const what = describeRun(run, format);
  return (
    <>
      {what && <span className="jp-kfp-RunRow-what">{what}</span>}
      {took && isTimed(run) && <span className="jp-kfp-num">{took}</span>}
    </>
  );
}

function describeRun(run: Run, format: Format): string {
  const { trans } = format;
  if (run.phase === 'SUCCEEDED') {
    return '';
  }
  if (run.phase === 'FAILED') {
    return run.failed_task ? trans.__('failed in %1', run.failed_task) : trans.__('Failed');
  }
  if (run.phase === 'RUNNING' && run.progress) {
    const { done, total } = run.progress;
    if (total === null && done === 0) {
      return describePhase(run.phase, trans, run.state);
    }
    return total === null
      ? trans._n('%1 task done', '%1 tasks done', done)
      : trans._n('%2 of %1 task', '%2 of %1 tasks', total, format.count(done));
  }
  return describePhase(run.phase, trans, run.state);
}

function RunRowButtons(props: IRunRowProps): React.JSX.Element {
  const { run, format, off } = props;
  const { trans } = format;
  return (
    <span className="jp-kfp-RunRow-actions" role="gridcell">
      {mayDo('terminate', run) && (
        <Button
          label={trans.__('Terminate')}
          kind="icon"
          icon={stopIcon}
          off={off}
          tabIndex={-1}
          onClick={() => props.onTerminate(run.run_id)}
        />
      )}
      {mayDo('retry', run) && (
        <Button
          label={trans.__('Retry')}
          kind="icon"
          icon={refreshIcon}
          off={off}
          tabIndex={-1}
          onClick={() => props.onRetry(run.run_id)}
        />
      )}
      <Button
        label={trans.__('More')}
        kind="icon"
        icon={ellipsesIcon}
        hasPopup
        tabIndex={-1}
        onClick={event => {
          const { left, bottom } = event.currentTarget.getBoundingClientRect();
          props.onMenu(run.run_id, left, bottom);
        }}
      />
    </span>
  );
}
