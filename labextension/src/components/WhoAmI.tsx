import * as React from 'react';

import type { Status } from '../api/types';
import type { Format } from '../format';

export interface IWhoAmIProps {
  readonly status: Status;
  readonly format: Format;
}

/** Who the server takes me for, where, and what I may do there. */
export function WhoAmI(props: IWhoAmIProps): React.JSX.Element {
  const { status, format } = props;
  const { trans } = format;
  const may =
    status.can_run === null
      ? trans.__('not known yet')
      : status.can_run
        ? trans.__('may run')
        : trans.__('may look but not run');
  const facts: readonly (readonly [string, string])[] = [
    [trans.__('Namespace'), status.namespace],
    [trans.__('From'), status.source],
    [trans.__('Known as'), status.identity],
    [trans.__('Rights'), may],
    [trans.__('Kubeflow Pipelines'), [status.kfp_version, status.endpoint].filter(text => text !== '').join(' · ')],
    [trans.__('Kind'), status.multi_user ? trans.__('multi-user') : trans.__('single-user')],
    [trans.__('Token valid until'), status.token_expires_at ? format.exact(status.token_expires_at) : ''],
    ...status.warnings.map(warning => [trans.__('Note'), warning] as const),
    [
      trans.__('What others can see'),
      status.embedded ? trans.__('Nothing but shared pipelines.') : ''
    ]
  ];
  return (
    <div className="jp-kfp">
      <dl className="jp-kfp-Pairs">
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <React.Fragment key={`${name} ${value}`}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </React.Fragment>
          ))}
      </dl>
    </div>
  );
}
