import * as React from 'react';

import type { Task } from '../../api/types';
import type { Format } from '../../format';
import {
  listArtifacts,
  listMatrices,
  listMetrics,
  listUnread,
  type IConfusionMatrix,
  type IMetric,
  type ITaskArtifact,
  type IUnread
} from '../../tasks/metrics';
import type { IRunTab } from './tab';
import { Address, shortenType } from './TaskValuesView';

export const artifactsTab: IRunTab = {
  id: 'artifacts',
  rank: 40,
  title: trans => trans.__('Artifacts'),
  count: ({ view }) => listArtifacts(view.tasks).length,
  Body: ({ view, format, copy }) => (
    <ArtifactsTab tasks={view.tasks} format={format} onCopy={copy} />
  )
};

export interface IArtifactsTabProps {
  readonly tasks: readonly Task[];
  readonly format: Format;
  readonly onCopy: (text: string) => void;
}

/** The artifacts of the tasks: metrics first, then all addresses. */
export function ArtifactsTab({ tasks, format, onCopy }: IArtifactsTabProps): React.JSX.Element {
  const { trans } = format;
  const artifacts = React.useMemo(() => listArtifacts(tasks), [tasks]);
  const unread = listUnread(tasks);
  if (!artifacts.length) {
    return unread.length ? (
      <Unread unread={unread} />
    ) : (
      <p className="jp-kfp-Hint">{trans.__('No artifacts yet.')}</p>
    );
  }
  const metrics = listMetrics(artifacts);
  return (
    <div className="jp-kfp-Scroll jp-kfp-Artifacts">
      {metrics.length > 0 && <Metrics metrics={metrics} format={format} />}
      {listMatrices(artifacts).map(matrix => (
        <Matrix key={matrix.title} matrix={matrix} format={format} />
      ))}
      <ArtifactTable artifacts={artifacts} format={format} onCopy={onCopy} />
      <Unread unread={unread} />
    </div>
  );
}

/** Which tasks made something that cannot be shown, and why. */
function Unread({ unread }: { readonly unread: readonly IUnread[] }): React.JSX.Element {
  return (
    <>
      {unread.map(({ reason, tasks }) => (
        <p className="jp-kfp-Hint" key={reason}>
          {`${tasks.join(', ')}: ${reason}`}
        </p>
      ))}
    </>
  );
}

function Metrics({ metrics, format }: { readonly metrics: readonly IMetric[]; readonly format: Format }): React.JSX.Element {
  const { trans } = format;
  return (
    <section aria-label={trans.__('Metrics')}>
      <h3 className="jp-kfp-Artifacts-title">{trans.__('Metrics')}</h3>
      <table className="jp-kfp-Table jp-mod-narrow">
        <thead>
          <tr>
            <th scope="col">{trans.__('Metric')}</th>
            <th scope="col">{trans.__('Task')}</th>
            <th scope="col" className="jp-mod-right">
              {trans.__('Value')}
            </th>
          </tr>
        </thead>
        <tbody>
          {metrics.map((metric, index) => (
            <tr key={index}>
              <th scope="row">{metric.name}</th>
              <td className="jp-kfp-dim">{metric.task}</td>
              <td className="jp-mod-right jp-kfp-num" title={String(metric.value)}>
                {format.metric(metric.value)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A confusion matrix: rows are true, columns predicted categories; a cell is shaded by its share of the row. */
function Matrix({ matrix, format }: { readonly matrix: IConfusionMatrix; readonly format: Format }): React.JSX.Element {
  const { trans } = format;
  return (
    <section aria-label={trans.__('Confusion matrix')}>
      <h3 className="jp-kfp-Artifacts-title">
        {trans.__('Confusion matrix')} <span className="jp-kfp-dim">{matrix.title}</span>
      </h3>
      <table className="jp-kfp-Matrix">
        <thead>
          <tr>
            <th scope="col" className="jp-kfp-dim">
              {trans.__('true ↓ predicted →')}
            </th>
            {matrix.categories.map((category, index) => (
              <th scope="col" key={index}>
                {category}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.rows.map((row, index) => (
            <tr key={index}>
              <th scope="row">{matrix.categories[index]}</th>
              {row.map((value, column) => (
                <td key={column} className="jp-kfp-num" style={getBackground(value, row)}>
                  {format.metric(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function getBackground(value: number, row: readonly number[]): React.CSSProperties {
  const most = Math.max(...row.map(Math.abs), 1e-12);
  const share = Math.round((45 * Math.abs(value)) / most);
  return { background: `color-mix(in srgb, var(--jp-brand-color1) ${share}%, var(--jp-layout-color1))` };
}

function ArtifactTable(props: {
  readonly artifacts: readonly ITaskArtifact[];
  readonly format: Format;
  readonly onCopy: (text: string) => void;
}): React.JSX.Element {
  const { artifacts, format, onCopy } = props;
  const { trans } = format;
  return (
    <section aria-label={trans.__('Artifacts')}>
      <h3 className="jp-kfp-Artifacts-title">{trans.__('Artifacts')}</h3>
      <table className="jp-kfp-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Type')}</th>
            <th scope="col">{trans.__('Task')}</th>
            <th scope="col" className="jp-mod-wide">
              {trans.__('Address')}
            </th>
          </tr>
        </thead>
        <tbody>
          {artifacts.map(({ task, output, artifact }, index) => (
            <tr key={index}>
              <th scope="row">{output}</th>
              <td>{shortenType(artifact.type)}</td>
              <td className="jp-kfp-dim">{task}</td>
              <td className="jp-mod-wide">
                <Address uri={artifact.uri} format={format} onCopy={onCopy} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
