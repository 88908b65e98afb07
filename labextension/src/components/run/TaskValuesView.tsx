import * as React from 'react';

import type { Task, TaskValues } from '../../api/types';
import type { Format } from '../../format';
import { Button } from '../Button';
import { copyIcon } from '@jupyterlab/ui-components';
import { ValueText } from './ValueText';

export interface ITaskValuesProps {
  readonly task: Task;
  readonly format: Format;
  readonly onCopy: (text: string) => void;
}

/** The inputs and outputs of a task. */
export function TaskValuesView(props: ITaskValuesProps): React.JSX.Element {
  const { trans } = props.format;
  const { inputs, outputs, outputs_unread: unread } = props.task;
  return (
    <div className="jp-kfp-Scroll">
      <Values title={trans.__('Inputs')} values={inputs} empty={trans.__('None.')} {...props} />
      <Values title={trans.__('Outputs')} values={outputs} empty={unread || trans.__('None.')} {...props} />
    </div>
  );
}

function Values(
  props: ITaskValuesProps & { readonly title: string; readonly values: TaskValues; readonly empty: string }
): React.JSX.Element {
  const { title, values, empty, format } = props;
  const parameters = Object.entries(values.parameters);
  const artifacts = Object.entries(values.artifacts).flatMap(([name, list]) =>
    list.map((artifact, index) => ({ key: `${name}-${index}`, name, artifact }))
  );
  return (
    <section className="jp-kfp-Values" aria-label={title}>
      <h3>{title}</h3>
      {parameters.length + artifacts.length === 0 && <p className="jp-kfp-dim">{empty}</p>}
      <dl>
        {parameters.map(([name, value]) => (
          <React.Fragment key={name}>
            <dt className="jp-kfp-cut" title={name}>
              {name}
            </dt>
            <dd>
              <ValueText value={value} format={format} />
            </dd>
          </React.Fragment>
        ))}
        {artifacts.map(({ key, name, artifact }) => (
          <React.Fragment key={key}>
            <dt className="jp-kfp-cut" title={name}>
              {name}
              <span className="jp-kfp-Field-type"> {shortenType(artifact.type)}</span>
            </dt>
            <dd>
              <Address uri={artifact.uri} format={format} onCopy={props.onCopy} />
            </dd>
          </React.Fragment>
        ))}
      </dl>
    </section>
  );
}

/** Where an artifact is, with a button that copies it. */
export function Address(props: {
  readonly uri: string;
  readonly format: Format;
  readonly onCopy: (text: string) => void;
}): React.JSX.Element {
  const { uri, format, onCopy } = props;
  if (!uri) {
    return <span className="jp-kfp-dim">{format.trans.__('no address')}</span>;
  }
  return (
    <span className="jp-kfp-Address">
      <span className="jp-kfp-mono jp-kfp-cut" title={uri}>
        {uri}
      </span>
      <Button label={format.trans.__('Copy address')} kind="icon" icon={copyIcon} onClick={() => onCopy(uri)} />
    </span>
  );
}

/** Shorten an artifact type: “system.Model” becomes “Model”. */
export function shortenType(type: string): string {
  return type.replace(/^system\./, '');
}
