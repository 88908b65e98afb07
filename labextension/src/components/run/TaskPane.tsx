import * as React from 'react';

import type { Task } from '../../api/types';
import type { Format } from '../../format';
import type { ILogState } from '../../log/state';
import { describePhase } from '../../phase';
import { isActive, isGroup, runsProgram } from '../../rules';
import type { IPodState } from '../../tasks/pod';
import { DRIVER } from '../../tasks/driver';
import { getDuration, getTaskName } from '../../tasks/rows';
import { getPanelProps, Tabs } from '../Tabs';
import { LogView } from './LogView';
import { PodPane } from './PodPane';
import type { TaskTab } from './tab';
import { TaskValuesView } from './TaskValuesView';

export interface ITaskPaneProps {
  readonly task: Task | undefined;
  readonly tab: TaskTab;
  /** The attempt whose log and pod are shown; 0 for the newest. */
  readonly attempt: number;
  readonly log: ILogState | null;
  /** Its pod; null if tasks are not pods or this one has none. */
  readonly pod: IPodState | null;
  readonly tail: number;
  readonly wrap: boolean;
  readonly errorLine: string;
  /** Whether the tasks of this server are pods. */
  readonly hasPods: boolean;
  readonly format: Format;
  readonly now: number;
  /** Start of the ids in this view. */
  readonly prefix: string;
  readonly onTab: (tab: TaskTab) => void;
  readonly onAttempt: (attempt: number) => void;
  readonly onCopy: (text: string) => void;
  readonly onDownload: () => void;
  readonly onLoadEarlier: () => void;
}

/** The chosen task: its log, its inputs and outputs. */
export function TaskPane(props: ITaskPaneProps): React.JSX.Element {
  const { task, tab, format, now } = props;
  const { trans } = format;
  const prefix = `${props.prefix}-task`;
  if (!task) {
    return <p className="jp-kfp-Hint">{trans.__('Select a task.')}</p>;
  }
  const took = getDuration(task, now);
  const word = describePhase(task.phase, trans, task.state);
  const isDriver = task.task_id === DRIVER;
  const name = isDriver ? trans.__('Before the first task') : getTaskName(task);
  const tabs = [
    { id: 'log', label: trans.__('Log') },
    ...(isDriver ? [] : [{ id: 'values', label: trans.__('In & out') } as const]),
    ...(props.hasPods ? [{ id: 'events', label: trans.__('Events') } as const] : [])
  ] as const;
  return (
    <div className="jp-kfp-Pane jp-kfp-TaskPane" role="region" aria-label={isDriver ? name : trans.__('Task %1', name)}>
      <div className="jp-kfp-TaskPane-head">
        <h3 className="jp-kfp-cut" title={name}>
          {name}
        </h3>
        <span className="jp-kfp-dim jp-kfp-num">
          {isActive(task.phase) && took !== null ? `${word} · ${format.duration(took)}` : word}
        </span>
        <span className="jp-kfp-grow" />
        {task.attempt > 1 && <Attempts {...props} task={task} />}
      </div>
      <Tabs tabs={tabs} current={tab} label={trans.__('Task')} prefix={prefix} onChoose={props.onTab} />
      <div className="jp-kfp-Pane jp-mod-fill" {...getPanelProps(prefix, tab)}>
        <TaskTabBody {...props} task={task} />
      </div>
    </div>
  );
}

function TaskTabBody(props: ITaskPaneProps & { readonly task: Task }): React.JSX.Element {
  const { task, format, onCopy } = props;
  switch (props.tab) {
    case 'log':
      return <Log {...props} />;
    case 'values':
      return <TaskValuesView task={task} format={format} onCopy={onCopy} />;
    case 'events':
      return props.pod ? (
        <PodPane pod={props.pod} format={format} now={props.now} onCopy={onCopy} />
      ) : (
        <p className="jp-kfp-Hint">{format.trans.__('This task has no pod.')}</p>
      );
  }
}

function Log(props: ITaskPaneProps & { readonly task: Task }): React.JSX.Element {
  const { task, log, format } = props;
  if (!log) {
    return <p className="jp-kfp-Hint">{whyNoLog(task, format)}</p>;
  }
  return (
    <LogView
      key={`${task.task_id}/${props.attempt}`}
      log={log}
      format={format}
      tail={props.tail}
      wrap={props.wrap}
      errorLine={props.errorLine}
      onCopy={props.onCopy}
      onDownload={props.onDownload}
      onLoadEarlier={props.onLoadEarlier}
    />
  );
}

function Attempts(props: ITaskPaneProps & { readonly task: Task }): React.JSX.Element {
  const { task, attempt, format } = props;
  const { trans } = format;
  const attempts = Array.from({ length: task.attempt }, (_, index) => index + 1);
  return (
    <select
      className="jp-kfp-Select jp-mod-small"
      aria-label={trans.__('Try')}
      value={attempt || task.attempt}
      onChange={event => props.onAttempt(Number(event.target.value))}
    >
      {attempts.map(number => (
        <option key={number} value={number}>
          {trans.__('Try %1', number)}
        </option>
      ))}
    </select>
  );
}

/** Return whether the task can have a log. */
export function hasLog(task: Task): boolean {
  return task.phase !== 'PENDING' && hasPod(task);
}

/** Return whether the task can have a pod; that of a waiting task may say why it waits. */
export function hasPod(task: Task): boolean {
  const made = task.phase !== 'SKIPPED' && task.phase !== 'CACHED';
  return made && runsProgram(task);
}

function whyNoLog(task: Task, { trans }: Format): string {
  switch (task.phase) {
    case 'PENDING':
      return trans.__('No output yet.');
    case 'SKIPPED':
      return trans.__('This task did not run.');
    case 'CACHED':
      return trans.__('This result was taken from an earlier run; its log is there.');
    default:
      return isGroup(task)
        ? trans.__('This step only holds other tasks. Select one of them.')
        : trans.__('This task has no log.');
  }
}
