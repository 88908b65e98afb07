import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ErrorBody, RunView } from '../../api/types';
import { whyOff } from '../../reasons';
import { isActive, type RunAction } from '../../rules';
import { createDriver, DRIVER } from '../../tasks/driver';
import { createGraph } from '../../tasks/graph';
import { Button } from '../Button';
import { ErrorNotice } from '../ErrorNotice';
import { Skeleton } from '../Skeleton';
import { useNow } from '../now';
import { getPanelProps, Tabs } from '../Tabs';
import { FailureBox } from './FailureBox';
import { chooseTask, chooseTaskTab, findTab } from './place';
import { RunHead } from './RunHead';
import { RunToolbar } from './RunToolbar';
import type { ILoadedRun, IRunPageProps, IRunTab, TaskTab } from './tab';

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

function LoadedPage(props: IRunPageProps & { readonly view: RunView }): React.JSX.Element {
  const { view, error, format, tabs, place, access, onMove, onAction } = props;
  const { trans } = format;
  const now = useNow(props.ticker);
  const { run, failure } = view;
  const copy = (text: string): void => props.onCopy(text, trans.__('Copied.'));
  const shown = chooseTask(view, place);
  const graph = React.useMemo(() => createGraph(view), [view]);
  const tab = findTab(place, tabs);
  const off = (action: RunAction): string | undefined =>
    props.isGone ? trans.__('This run was deleted.') : whyOff(action, run, access, trans);
  const taskTab = chooseTaskTab(view, place, shown);
  const failed = failure?.task_id || (createDriver(view) ? DRIVER : '');
  const openTask = (wanted: TaskTab): void => {
    const target = tab?.showsTask ? tab : tabs.find(({ showsTask }) => showsTask);
    onMove({ tab: target?.id ?? place.tab, task: failure?.task_id || null, taskTab: wanted, attempt: 0 });
  };
  return (
    <div className="jp-kfp-Main">
      <RunToolbar
        run={run}
        off={off}
        trans={trans}
        onAction={onAction}
        onNotebook={hasNotebook(view) ? props.onNotebook : undefined}
      />
      {props.isGone ? <Gone trans={trans} /> : error && <Trouble {...props} error={error} />}
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
          waits={isActive(run.phase)}
          format={format}
          off={off}
          opens={failed === '' ? [] : view.has_pods ? ['log', 'events'] : ['log']}
          shown={tab?.showsTask === true && shown === failed ? taskTab : null}
          onAction={onAction}
          onOpen={openTask}
          onCopy={copy}
        />
      )}
      {tab && <RunTabs {...props} current={tab} run={{ view, graph }} />}
      {tab && (
        <div className="jp-kfp-Pane jp-mod-fill" {...getPanelProps(props.prefix, tab.id)}>
          <tab.Body {...props} graph={graph} shown={shown} taskTab={taskTab} now={now} copy={copy} />
        </div>
      )}
    </div>
  );
}

/** Whether a task has made the executed notebook, or should have: of one that fails, old KFP stores no artifact. */
function hasNotebook({ run, spec, tasks }: RunView): boolean {
  const isMade = tasks.some(({ outputs }) => outputs.artifacts['notebook'] !== undefined);
  return isMade || (!isActive(run.phase) && /^ +notebook:\s+artifactType:/m.test(spec));
}

/** One line on top: the run is no more. */
function Gone({ trans }: { readonly trans: TranslationBundle }): React.JSX.Element {
  return (
    <div className="jp-kfp-Trouble" role="status">
      <span className="jp-kfp-cut">{trans.__('This run was deleted.')}</span>
    </div>
  );
}

/** One line on top: what is shown stays. */
function Trouble(props: IRunPageProps & { readonly error: ErrorBody }): React.JSX.Element {
  const { error, format, onRefresh } = props;
  const { trans } = format;
  const words = trans.__('%1 What is shown is from %2.', error.message, format.clock(toIso(props.freshness.updatedAt)));
  return (
    <div className="jp-kfp-Trouble" role="status" title={error.why}>
      <span className="jp-kfp-cut">{words}</span>
      <Button label={trans.__('Retry now')} kind="quiet" onClick={onRefresh} />
    </div>
  );
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}

function RunTabs(
  props: IRunPageProps & { readonly current: IRunTab; readonly run: ILoadedRun }
): React.JSX.Element {
  const { current, run, format, onMove } = props;
  const { trans } = format;
  const tabs = props.tabs.map(({ id, title, count }) => {
    const number = count?.(run) ?? 0;
    return { id, label: title(trans), count: number > 0 ? format.count(number) : undefined };
  });
  return (
    <Tabs
      tabs={tabs}
      current={current.id}
      label={trans.__('Run')}
      prefix={props.prefix}
      onChoose={tab => onMove({ tab })}
    />
  );
}
