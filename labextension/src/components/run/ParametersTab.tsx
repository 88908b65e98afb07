import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ParameterType, ParameterValue } from '../../api/types';
import type { Format } from '../../format';
import { Button } from '../Button';
import type { IRunTab } from './tab';
import { ValueText } from './ValueText';

export const parametersTab: IRunTab = {
  id: 'parameters',
  rank: 30,
  title: trans => trans.__('Parameters'),
  count: ({ view }) => view.parameters.length,
  Body: ({ view, format, copy }) => (
    <ParametersTab parameters={view.parameters} format={format} onCopy={copy} />
  )
};

export interface IParametersTabProps {
  readonly parameters: readonly ParameterValue[];
  readonly format: Format;
  readonly onCopy: (text: string) => void;
}

/** The parameters of the run. */
export function ParametersTab({ parameters, format, onCopy }: IParametersTabProps): React.JSX.Element {
  const { trans } = format;
  if (!parameters.length) {
    return <p className="jp-kfp-Hint">{trans.__('This pipeline takes no parameters.')}</p>;
  }
  const all = Object.fromEntries(parameters.map(({ name, value }) => [name, value as unknown]));
  return (
    <div className="jp-kfp-Pane">
      <div className="jp-kfp-Scroll">
        <table className="jp-kfp-Table jp-mod-values">
          <thead>
            <tr>
              <th scope="col">{trans.__('Name')}</th>
              <th scope="col">{trans.__('Type')}</th>
              <th scope="col">{trans.__('Value')}</th>
            </tr>
          </thead>
          <tbody>
            {parameters.map(parameter => (
              <tr key={parameter.name}>
                <th scope="row" title={parameter.description || undefined}>
                  {parameter.name}
                </th>
                <td className="jp-kfp-dim">{getTypeName(parameter.type, trans)}</td>
                <td className="jp-mod-value">
                  <ValueText value={parameter.value} format={format} />
                  {parameter.is_default && <span className="jp-kfp-dim jp-kfp-small"> {trans.__('default')}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="jp-kfp-Pane-foot jp-mod-line">
        {trans._n('%1 parameter', '%1 parameters', parameters.length)}
        <Button
          label={trans.__('Copy as JSON')}
          kind="quiet"
          onClick={() => onCopy(JSON.stringify(all, null, 2))}
        />
      </div>
    </div>
  );
}

/** Return the word for a parameter type. */
export function getTypeName(type: ParameterType | null, trans: TranslationBundle): string {
  switch (type) {
    case 'NUMBER_INTEGER':
      return trans.__('integer');
    case 'NUMBER_DOUBLE':
      return trans.__('number');
    case 'STRING':
      return trans.__('text');
    case 'BOOLEAN':
      return trans.__('yes/no');
    case 'LIST':
      return trans.__('list');
    case 'STRUCT':
      return trans.__('JSON');
    case 'TASK_FINAL_STATUS':
    case 'TASK_CONFIG':
      return trans.__('set by KFP');
    case null:
      return '';
  }
}
