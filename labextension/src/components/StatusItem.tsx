import * as React from 'react';

import type { Run } from '../api/types';
import type { Format } from '../format';
import { pipelinesIcon } from '../icons';
import { isActive } from '../rules';
import type { ConnectionState } from '../tokens';
import { Icon } from './Icon';

export interface IStatusItemProps {
  readonly runs: readonly Run[];
  readonly connection: ConnectionState;
  readonly where: string;
  readonly isMine: (runId: string) => boolean;
  readonly format: Format;
  readonly onClick: () => void;
}

/** “2 active · 1 failed”, “Pipelines” when nothing is going on, or that there is no connection. */
export function StatusItem(props: IStatusItemProps): React.JSX.Element {
  const { runs, connection, format } = props;
  const { trans } = format;
  const active = runs.filter(run => isActive(run.phase)).length;
  const failed = runs.filter(run => run.phase === 'FAILED' && props.isMine(run.run_id)).length;
  const parts = [
    active > 0 ? trans.__('%1 active', format.count(active)) : '',
    failed > 0 ? trans.__('%1 failed', format.count(failed)) : ''
  ].filter(part => part !== '');
  const calm = parts.length > 0 ? parts.join(' · ') : trans.__('Pipelines');
  return (
    <button
      type="button"
      className="jp-kfp-StatusItem"
      title={trans.__('Kubeflow Pipelines: %1', props.where)}
      onClick={props.onClick}
    >
      <Icon of={pipelinesIcon} />
      <span>{connection === 'lost' ? trans.__('Pipelines: not connected') : calm}</span>
    </button>
  );
}
