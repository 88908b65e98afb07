import * as React from 'react';

import type { ErrorBody, ParameterSpec, SpecTask, VersionView } from '../../api/types';
import { NOTHING } from '../../format';
import type { Format } from '../../format';
import type { IPipelinePlace } from '../../values/pipelineplace';
import { createTask, type ITaskGraph } from '../../tasks/graph';
import { Button } from '../Button';
import { ErrorNotice } from '../ErrorNotice';
import { GraphView } from '../run/GraphView';
import { getTypeName } from '../run/ParametersTab';
import { Skeleton } from '../Skeleton';
import { getPanelProps, Tabs } from '../Tabs';

export interface IVersionPaneProps {
  readonly versionId: string;
  readonly version: VersionView | null;
  readonly place: IPipelinePlace;
  readonly error: ErrorBody | null;
  readonly format: Format;
  readonly now: number;
  readonly prefix: string;
  readonly onMove: (part: Partial<IPipelinePlace>) => void;
  readonly onDownload: () => void;
  readonly onOpenFile: () => void;
  readonly onCopy: (text: string, said?: string) => void;
}

/** A version: its graph, its inputs, its spec. */
export function VersionPane(props: IVersionPaneProps): React.JSX.Element {
  const { version, versionId, place, error, format, prefix } = props;
  const { trans } = format;
  if (version === null) {
    return (
      <div className="jp-kfp-Pane">
        {error ? (
          <ErrorNotice error={error} trans={trans} boxed onCopy={text => props.onCopy(text)} />
        ) : versionId ? (
          <Skeleton trans={trans} />
        ) : (
          <p className="jp-kfp-Hint">{trans.__('Upload a version to see it here.')}</p>
        )}
      </div>
    );
  }
  const inputs = version.pipeline.parameters;
  return (
    <div className="jp-kfp-Pane">
      <Tabs
        tabs={[
          { id: 'graph', label: trans.__('Graph') },
          { id: 'inputs', label: trans.__('Inputs'), count: format.count(inputs.length) },
          { id: 'spec', label: trans.__('Spec') }
        ]}
        current={place.tab}
        label={trans.__('Version')}
        prefix={prefix}
        onChoose={tab => props.onMove({ tab })}
      />
      <div className="jp-kfp-Pane jp-mod-fill" {...getPanelProps(prefix, place.tab)}>
        {place.tab === 'graph' && <SpecGraph {...props} version={version} />}
        {place.tab === 'inputs' && <Inputs inputs={inputs} format={format} />}
        {place.tab === 'spec' && <Spec {...props} spec={version.spec} />}
      </div>
    </div>
  );
}

function SpecGraph(props: IVersionPaneProps & { readonly version: VersionView }): React.JSX.Element {
  const { version, place, format, now, prefix, onMove } = props;
  const { trans } = format;
  const graph = React.useMemo(() => createSpecGraph(version.tasks), [version]);
  const known = React.useMemo(() => new Map(version.tasks.map(task => [task.name, task])), [version]);
  const chosen = known.get(place.task);
  return (
    <>
      <GraphView
        graph={graph}
        chosen={place.task}
        format={format}
        now={now}
        prefix={prefix}
        describe={({ task_id }) => describeTask(known.get(task_id))}
        onChoose={task => onMove({ task })}
      />
      <div className="jp-kfp-Pane-foot jp-kfp-Head-facts" role="status">
        {chosen ? (
          [
            chosen.name,
            chosen.image,
            chosen.asks,
            chosen.inputs.length > 0 && trans.__('inputs %1', chosen.inputs.join(', '))
          ].map((fact, index) => (fact ? <span key={index}>{fact}</span> : null))
        ) : (
          <span>{trans.__('Select a task.')}</span>
        )}
      </div>
    </>
  );
}

/** Return the tasks of a spec as the graph view draws them; their names are their ids. */
function createSpecGraph(tasks: readonly SpecTask[]): ITaskGraph {
  const names = new Set(tasks.map(({ name }) => name));
  return {
    tasks: tasks.map(({ name }) => createTask({ run_id: '' }, name, { name, phase: 'SUCCEEDED' })),
    edges: tasks.flatMap(({ name, needs }) => needs.filter(need => names.has(need)).map(from => ({ from, to: name })))
  };
}

/** “train:1.5 · 1 GPU”: the image without the place it comes from, and what is scarce. */
function describeTask(task: SpecTask | undefined): string {
  const image = task?.image.split('/').at(-1) ?? '';
  const scarce = task?.asks.split(', ').filter(part => !/CPU|GB$|iB$/.test(part)) ?? [];
  return [image, ...scarce].filter(part => part !== '').join(' · ');
}

function Inputs(props: { readonly inputs: readonly ParameterSpec[]; readonly format: Format }): React.JSX.Element {
  const { inputs, format } = props;
  const { trans } = format;
  if (inputs.length === 0) {
    return <p className="jp-kfp-Hint">{trans.__('This pipeline takes no parameters.')}</p>;
  }
  return (
    <div className="jp-kfp-Scroll">
      <table className="jp-kfp-Table jp-mod-values">
        <thead>
          <tr>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Type')}</th>
            <th scope="col">{trans.__('Default')}</th>
            <th scope="col">{trans.__('Description')}</th>
          </tr>
        </thead>
        <tbody>
          {inputs.map(input => (
            <tr key={input.name}>
              <th scope="row">{input.name}</th>
              <td className="jp-kfp-dim">{getTypeName(input.type, trans)}</td>
              <td className="jp-kfp-mono">{describeDefault(input, format)}</td>
              <td>{input.description}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function describeDefault({ has_default, default: value, optional }: ParameterSpec, { trans }: Format): string {
  if (has_default) {
    return typeof value === 'string' ? value : JSON.stringify(value);
  }
  return optional ? trans.__('optional') : NOTHING;
}

function Spec(props: IVersionPaneProps & { readonly spec: string }): React.JSX.Element {
  const { spec, format, onCopy, onDownload, onOpenFile } = props;
  const { trans } = format;
  return (
    <>
      <pre className="jp-kfp-Spec" tabIndex={0} aria-label={trans.__('Spec')}>
        {spec}
      </pre>
      <div className="jp-kfp-Pane-foot jp-mod-line">
        {format.size(new Blob([spec]).size)}
        <span>
          <Button label={trans.__('Copy')} kind="quiet" onClick={() => onCopy(spec)} />
          <Button label={trans.__('Download')} kind="quiet" onClick={onDownload} />
          <Button
            label={trans.__('Open in an editor…')}
            kind="quiet"
            title={trans.__('Save it beside your notebooks, and open it')}
            onClick={onOpenFile}
          />
        </span>
      </div>
    </>
  );
}
