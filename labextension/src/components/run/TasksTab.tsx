import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { RunView } from '../../api/types';
import { isActive } from '../../rules';
import { listWaits } from '../../tasks/graph';
import { toCsv, listRows, type ITaskSort } from '../../tasks/rows';
import { Button } from '../Button';
import { ChosenTask } from './ChosenTask';
import type { IRunTab, IRunTabProps } from './tab';
import { TaskTable } from './TaskTable';

export const tasksTab: IRunTab = {
  id: 'tasks',
  rank: 10,
  title: trans => trans.__('Tasks'),
  count: ({ graph }) => graph.tasks.length,
  showsTask: true,
  Body: TasksTab
};

/** The table of tasks beside the chosen one. */
function TasksTab(props: IRunTabProps): React.JSX.Element {
  return (
    <div className="jp-kfp-Split">
      <TasksPane {...props} />
      <ChosenTask {...props} />
    </div>
  );
}

/** Return why there are no tasks. */
export function explainNoTasks({ run, failure }: RunView, trans: TranslationBundle): string {
  if (!isActive(run.phase)) {
    return trans.__('No task of this run has started.');
  }
  return failure
    ? trans.__('KFP has not started the first task yet.')
    : trans.__('Waiting for the first report from the cluster.');
}

function TasksPane(props: IRunTabProps): React.JSX.Element {
  const { view, graph, format, now, shown, copy } = props;
  const { trans } = format;
  const [sort, setSort] = React.useState<ITaskSort>({ column: 'started', descending: false });
  const [folded, setFolded] = React.useState<ReadonlySet<string>>(new Set());
  const nested = [...graph.tasks, ...view.groups];
  const rows = listRows(nested, sort, folded, now);
  const fold = (task: string, on: boolean): void => {
    setFolded(new Set(on ? [...folded, task] : [...folded].filter(id => id !== task)));
  };
  if (!view.tasks.length) {
    return <p className="jp-kfp-Hint">{explainNoTasks(view, trans)}</p>;
  }
  const header = ['State', 'Task', 'Started', 'Took (s)', 'Try', 'Reason'];
  return (
    <div className="jp-kfp-Pane">
      <div className="jp-kfp-Scroll">
        <TaskTable
          rows={rows}
          sort={sort}
          waits={listWaits(graph)}
          chosen={shown}
          format={format}
          now={now}
          onSort={setSort}
          onChoose={task => props.onMove({ task, attempt: 0 })}
          onFold={fold}
          onOpenRun={props.onOpenRun}
        />
      </div>
      <div className="jp-kfp-Pane-foot jp-mod-line">
        {trans._n('%1 task', '%1 tasks', graph.tasks.length)}
        <Button
          label={trans.__('Copy as CSV')}
          kind="quiet"
          onClick={() => copy(toCsv(listRows(nested, sort, new Set(), now), header, now))}
        />
      </div>
    </div>
  );
}
