import * as React from 'react';

import { removeGroups } from '../../tasks/graph';
import { ChosenTask } from './ChosenTask';
import { GraphView } from './GraphView';
import { explainNoTasks } from './TasksTab';
import type { IRunTab, IRunTabProps } from './tab';

export const graphTab: IRunTab = {
  id: 'graph',
  rank: 20,
  title: trans => trans.__('Graph'),
  showsTask: true,
  Body: GraphTab
};

/** The graph of tasks beside the chosen one. */
function GraphTab(props: IRunTabProps): React.JSX.Element {
  return (
    <div className="jp-kfp-Split jp-mod-even">
      <GraphPane {...props} />
      <ChosenTask {...props} />
    </div>
  );
}

function GraphPane(props: IRunTabProps): React.JSX.Element {
  const { view, graph, format, now, shown, prefix, onMove } = props;
  const leaves = React.useMemo(() => removeGroups(graph, view.groups), [graph, view.groups]);
  return graph.tasks.length ? (
    <GraphView
      graph={leaves}
      chosen={shown}
      format={format}
      now={now}
      prefix={prefix}
      onChoose={task => onMove({ task, attempt: 0 })}
    />
  ) : (
    <p className="jp-kfp-Hint">{explainNoTasks(view, format.trans)}</p>
  );
}
