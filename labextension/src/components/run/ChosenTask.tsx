import * as React from 'react';

import { nameInLoop } from '../../tasks/graph';
import { findTask } from './place';
import type { IRunTabProps } from './tab';
import { TaskPane } from './TaskPane';

/** The pane of the task that is shown. */
export function ChosenTask(props: IRunTabProps): React.JSX.Element {
  const { view, graph, place, shown, onMove } = props;
  const known = [...graph.tasks, ...view.groups].find(({ task_id }) => task_id === shown);
  const task = known ? nameInLoop(known, view.groups) : findTask(view, shown);
  const errorLine = view.failure?.task_id === shown ? view.failure.line : '';
  return (
    <TaskPane
      task={task}
      tab={props.taskTab}
      attempt={place.attempt}
      log={props.log}
      pod={props.pod}
      tail={props.tail}
      wrap={props.wrap}
      errorLine={errorLine}
      hasPods={view.has_pods}
      format={props.format}
      now={props.now}
      prefix={props.prefix}
      onTab={taskTab => onMove({ taskTab })}
      onAttempt={attempt => onMove({ attempt })}
      onCopy={props.copy}
      onDownload={props.onDownloadLog}
      onLoadEarlier={props.onLoadEarlier}
    />
  );
}
