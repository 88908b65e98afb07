import * as React from 'react';

import type { Run } from '../../api/types';
import type { Format } from '../../format';
import { toPhase } from '../../rules';
import { StateBadge } from '../StateIcon';
import type { IRunTab } from './tab';

export const aboutTab: IRunTab = {
  id: 'about',
  rank: 60,
  title: trans => trans.__('About'),
  Body: ({ view, format }) => <AboutTab run={view.run} format={format} />
};

export interface IAboutTabProps {
  readonly run: Run;
  readonly format: Format;
}

/** “analysis.ipynb, cell 7”. */
function describeOrigin(origin: Run['origin'], { trans }: Format): string {
  if (!origin?.path) {
    return '';
  }
  return origin.cell > 0 ? trans.__('%1, cell %2', origin.path, origin.cell) : origin.path;
}

/** Ids, times, account, root and the history of states. */
export function AboutTab({ run, format }: IAboutTabProps): React.JSX.Element {
  const { trans } = format;
  const reference = run.pipeline_version_reference;
  const facts: readonly (readonly [string, string])[] = [
    [trans.__('Run id'), run.run_id],
    [trans.__('Description'), run.description],
    [trans.__('Namespace'), run.namespace],
    [trans.__('Experiment'), run.experiment_name],
    [trans.__('Experiment id'), run.experiment_id],
    [trans.__('Started from'), describeOrigin(run.origin, format)],
    [trans.__('Created'), format.exact(run.created_at)],
    [trans.__('Ended'), format.exact(run.finished_at)],
    [trans.__('Service account'), run.service_account],
    [trans.__('Pipeline root'), run.runtime_config?.pipeline_root ?? ''],
    [trans.__('Pipeline id'), reference?.pipeline_id ?? ''],
    [trans.__('Version id'), reference?.pipeline_version_id ?? ''],
    [trans.__('Recurring run id'), run.recurring_run_id]
  ];
  return (
    <div className="jp-kfp-Scroll">
      <dl className="jp-kfp-About">
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        {run.state_history.length > 0 && (
          <div>
            <dt>{trans.__('States')}</dt>
            <dd>
              <ol className="jp-kfp-About-states">
                {run.state_history.map((entry, index) => (
                  <li key={index}>
                    <StateBadge phase={toPhase(entry.state)} raw={entry.state} trans={trans} />
                    <span className="jp-kfp-dim jp-kfp-num">{format.exact(entry.update_time)}</span>
                  </li>
                ))}
              </ol>
            </dd>
          </div>
        )}
      </dl>
    </div>
  );
}
