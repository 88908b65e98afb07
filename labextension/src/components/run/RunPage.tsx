import * as React from 'react';

import type { ErrorBody, RunView } from '../../api/types';
import type { Format } from '../../format';
import type { ILogState } from '../../log/state';
import { whyOff, type IAccess } from '../../reasons';
import type { RunAction } from '../../rules';
import type { IPodState } from '../../tasks/pod';
import { graphOf, waitsOf, withoutGroups, type ITaskGraph } from '../../tasks/graph';
import { artifactsOf } from '../../tasks/metrics';
import { firstTask, taskCsv, taskRows, type ITaskSort } from '../../tasks/rows';
import { Button } from '../Button';
import { ErrorNotice } from '../ErrorNotice';
import { Skeleton } from '../Skeleton';
import { useNow, type IFreshness, type Ticker } from '../now';
import { panelOf, Tabs } from '../Tabs';
import { AboutTab } from './AboutTab';
import { ArtifactsTab } from './ArtifactsTab';
import { FailureBox } from './FailureBox';
import { GraphView } from './GraphView';
import { ParametersTab } from './ParametersTab';
import { RunHead } from './RunHead';
import { RunToolbar } from './RunToolbar';
import { SpecTab } from './SpecTab';
import { TaskPane, type TaskTab } from './TaskPane';
import { TaskTable } from './TaskTable';

/** The tabs of the run view. */
export type RunTab = 'tasks' | 'graph' | 'parameters' | 'artifacts' | 'spec' | 'about';

/** Where a person is in the run view. */
export interface IRunPlace {
  readonly tab: RunTab;
  /** The chosen task, `""` for none; null while nobody has chosen. */
  readonly task: string | null;
  /** The task that the view opened with: it stays when it ends. */
  readonly opened: string;
  readonly taskTab: TaskTab;
  /** The attempt whose log is shown; 0 for the newest. */
  readonly attempt: number;
}

/** Where a run view begins. */
export const FIRST_PLACE: IRunPlace = { tab: 'tasks', task: null, opened: '', taskTab: 'log', attempt: 0 };

export interface IRunPageProps {
  readonly view: RunView | null;
  readonly error: ErrorBody | null;
  readonly freshness: IFreshness;
  readonly access: IAccess;
  readonly place: IRunPlace;
  readonly log: ILogState | null;
  readonly pod: IPodState | null;
  readonly tail: number;
  /** Whether lines of logs are wrapped at first. */
  readonly wrap: boolean;
  readonly format: Format;
  readonly ticker: Ticker;
  /** Start of the ids in this view. */
  readonly prefix: string;
  readonly onMove: (place: Partial<IRunPlace>) => void;
  readonly onAction: (action: RunAction) => void;
  readonly onOpenRun: (runId: string) => void;
  readonly onRefresh: () => void;
  readonly onCopy: (text: string, said: string) => void;
  readonly onDownloadLog: () => void;
  readonly onDownloadSpec: () => void;
  readonly onLoadEarlier: () => void;
}

/**
 * The id of the task that is shown: the chosen one, else the one that failed, else the one the view opened with.
 *
 * #### Notes
 * A log that is being read does not give way to that of the next task.
 */
export function shownTask(view: RunView, place: IRunPlace): string {
  const first = firstTask(view.tasks, view.failure?.task_id)?.task_id ?? '';
  return place.task ?? (view.run.phase === 'FAILED' ? first : place.opened || first);
}

/** Whether the place has the task pane. */
export function showsTask({ tab }: IRunPlace): boolean {
  return tab === 'tasks' || tab === 'graph';
}

/** One run: is it well, and if not, why. */
export function RunPage(props: IRunPageProps): React.JSX.Element {
  const { view, error, format, onCopy } = props;
  const { trans } = format;
  const copy = (text: string): void => onCopy(text, trans.__('Copied.'));
  if (!view) {
    const actions = [{ label: trans.__('Try again'), run: props.onRefresh }];
    return (
      <div className="jp-kfp-Main" aria-busy={error === null}>
        {error ? (
          <ErrorNotice error={error} trans={trans} onCopy={copy} actions={actions} boxed />
        ) : (
          <Skeleton trans={trans} />
        )}
      </div>
    );
  }
  return <LoadedPage {...props} view={view} />;
}

type ILoadedProps = IRunPageProps & { readonly view: RunView };

function LoadedPage(props: ILoadedProps): React.JSX.Element {
  const { view, error, format, place, access, onMove, onAction } = props;
  const { trans } = format;
  const now = useNow(props.ticker);
  const { run, failure } = view;
  const copy = (text: string): void => props.onCopy(text, trans.__('Copied.'));
  const shown = shownTask(view, place);
  const graph = React.useMemo(() => graphOf(view), [view]);
  const logShown = showsTask(place) && place.taskTab === 'log' && shown === failure?.task_id;
  return (
    <div className="jp-kfp-Main">
      <RunToolbar run={run} access={access} trans={trans} onAction={onAction} />
      {error && <Trouble {...props} error={error} />}
      <RunHead
        run={run}
        format={format}
        now={now}
        freshness={props.freshness}
        onCopyId={() => props.onCopy(run.run_id, trans.__('Run id copied'))}
        onRetryNow={props.onRefresh}
      />
      {failure && (
        <FailureBox
          failure={failure}
          format={format}
          cloneOff={whyOff('clone', run, access, trans)}
          logShown={logShown}
          onClone={() => onAction('clone')}
          onOpenLog={() => onMove({ tab: place.tab === 'graph' ? 'graph' : 'tasks', task: failure.task_id, taskTab: 'log', attempt: 0 })}
        />
      )}
      <RunTabs {...props} graph={graph} />
      <div className="jp-kfp-Pane jp-mod-fill" {...panelOf(props.prefix, place.tab)}>
        <TabBody {...props} graph={graph} shown={shown} now={now} copy={copy} />
      </div>
    </div>
  );
}

/** One line on top: what is shown stays. */
function Trouble(props: ILoadedProps & { readonly error: ErrorBody }): React.JSX.Element {
  const { error, format, onRefresh } = props;
  const { trans } = format;
  const words = trans.__('%1 What is shown is from %2.', error.message, format.clock(isoOf(props.freshness.updatedAt)));
  return (
    <div className="jp-kfp-Trouble" role="status" title={error.why}>
      <span className="jp-kfp-cut">{words}</span>
      <Button label={trans.__('Retry now')} kind="quiet" onClick={onRefresh} />
    </div>
  );
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}

function RunTabs(props: ILoadedProps & { readonly graph: ITaskGraph }): React.JSX.Element {
  const { view, graph, place, format, prefix, onMove } = props;
  const { trans } = format;
  const artifacts = React.useMemo(() => artifactsOf(view.tasks).length, [view.tasks]);
  const count = (value: number): string | undefined => (value ? format.count(value) : undefined);
  const tabs = [
    { id: 'tasks', label: trans.__('Tasks'), count: count(graph.tasks.length) },
    { id: 'graph', label: trans.__('Graph') },
    { id: 'parameters', label: trans.__('Parameters'), count: count(view.parameters.length) },
    { id: 'artifacts', label: trans.__('Artifacts'), count: count(artifacts) },
    { id: 'spec', label: trans.__('Spec') },
    { id: 'about', label: trans.__('About') }
  ] as const;
  return (
    <Tabs
      tabs={tabs}
      current={place.tab}
      label={trans.__('Run')}
      prefix={prefix}
      onChoose={(tab: RunTab) => onMove({ tab })}
    />
  );
}

type ITabProps = ILoadedProps & {
  readonly graph: ITaskGraph;
  readonly shown: string;
  readonly now: number;
  readonly copy: (text: string) => void;
};

function TabBody(props: ITabProps): React.JSX.Element {
  const { view, place, format, copy } = props;
  switch (place.tab) {
    case 'tasks':
      return (
        <div className="jp-kfp-Split">
          <TasksPane {...props} />
          <ChosenTask {...props} />
        </div>
      );
    case 'graph':
      return (
        <div className="jp-kfp-Split jp-mod-even">
          <GraphPane {...props} />
          <ChosenTask {...props} />
        </div>
      );
    case 'parameters':
      return <ParametersTab parameters={view.parameters} format={format} onCopy={copy} />;
    case 'artifacts':
      return <ArtifactsTab tasks={view.tasks} reported={view.reports_values} format={format} onCopy={copy} />;
    case 'spec':
      return <SpecTab spec={view.spec} format={format} onCopy={copy} onDownload={props.onDownloadSpec} />;
    case 'about':
      return <AboutTab run={view.run} format={format} />;
  }
}

function GraphPane(props: ITabProps): React.JSX.Element {
  const { graph, format, now, shown, prefix, onMove } = props;
  const leaves = React.useMemo(() => withoutGroups(graph), [graph]);
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
    <p className="jp-kfp-Hint">{format.trans.__('Waiting for the first report from the cluster.')}</p>
  );
}

function TasksPane(props: ITabProps): React.JSX.Element {
  const { view, graph, format, now, shown, copy } = props;
  const { trans } = format;
  const [sort, setSort] = React.useState<ITaskSort>({ column: 'started', descending: false });
  const [folded, setFolded] = React.useState<ReadonlySet<string>>(new Set());
  const nested = [...graph.tasks, ...view.groups];
  const rows = taskRows(nested, sort, folded, now);
  const fold = (task: string, on: boolean): void => {
    setFolded(new Set(on ? [...folded, task] : [...folded].filter(id => id !== task)));
  };
  if (!view.tasks.length) {
    return <p className="jp-kfp-Hint">{trans.__('Waiting for the first report from the cluster.')}</p>;
  }
  const header = ['State', 'Task', 'Started', 'Took (s)', 'Try', 'Reason'];
  return (
    <div className="jp-kfp-Pane">
      <div className="jp-kfp-Scroll">
        <TaskTable
          rows={rows}
          sort={sort}
          waits={waitsOf(graph)}
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
          onClick={() => copy(taskCsv(taskRows(nested, sort, new Set(), now), header, now))}
        />
      </div>
    </div>
  );
}

function ChosenTask(props: ITabProps): React.JSX.Element {
  const { view, graph, place, shown, onMove } = props;
  const task = [...graph.tasks, ...view.groups].find(({ task_id }) => task_id === shown);

  const errorLine = view.failure?.task_id === shown ? view.failure.line : '';
  return (
    <TaskPane
      task={task}
      tab={place.taskTab}
      attempt={place.attempt}
      log={props.log}
      pod={props.pod}
      tail={props.tail}
      wrap={props.wrap}
      errorLine={errorLine}
      reported={view.reports_values}
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
