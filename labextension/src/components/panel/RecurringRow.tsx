import * as React from 'react';

import type { RecurringRun } from '../../api/types';
import { NOTHING } from '../../format';
import type { Format } from '../../format';
import { recurringIcon, warningIcon } from '../../icons';
import { describePhase } from '../../phase';
import { Icon } from '../Icon';
import { StateIcon } from '../StateIcon';
import { ItemRow } from './ItemRow';

export interface IRecurringRowProps {
  readonly row: RecurringRun;
  readonly format: Format;
  /** Why nothing can be changed now. */
  readonly off?: string;
  readonly onOpen: () => void;
  readonly onSwitch: () => void;
  readonly onMenu: (x: number, y: number) => void;
}

/** One recurring run: its schedule in words, its next start, how its last run is, and a switch. */
export function RecurringRow(props: IRecurringRowProps): React.JSX.Element {
  const { row, format } = props;
  const { trans } = format;
  const isOn = row.status === 'ENABLED';
  const [first] = row.next_starts;
  const next = first ? trans.__('next %1', format.coming(first, Date.now())) : NOTHING;
  const words = addZone(row);
  const last = row.last_run;
  const state = last ? describePhase(last.phase, trans, last.state) : '';
  const starts = row.next_starts.map(start => format.tooltip(start)).join('\n');
  const fault = row.error?.message ?? '';
  const label = [
    row.display_name,
    words,
    isOn ? next : trans.__('off'),
    last ? trans.__('last run %1', state) : '',
    fault
  ].filter(part => part !== '');
  return (
    <ItemRow
      className="jp-kfp-RecurringRow"
      icon={recurringIcon}
      name={row.display_name}
      label={label.join(', ')}
      title={[row.description || row.display_name, fault, starts].filter(part => part !== '').join('\n')}
      format={format}
      details={[
        ...(fault ? [<Icon key="fault" of={warningIcon} />] : []),
        ...(last ? [<StateIcon key="last" phase={last.phase} raw={last.state} trans={trans} />] : []),
        words,
        next
      ]}
      end={
        <button
          type="button"
          role="switch"
          className="jp-kfp-Toggle"
          aria-checked={isOn}
          aria-label={trans.__('%1 is on', row.display_name)}
          aria-disabled={props.off === undefined ? undefined : true}
          title={props.off ?? (isOn ? trans.__('Switch off') : trans.__('Switch on'))}
          onClick={() => props.off === undefined && props.onSwitch()}
        />
      }
      onOpen={props.onOpen}
      onMenu={props.onMenu}
    />
  );
}

/** Return the schedule in words, with the zone that its times of day are in unless it is that of the page. */
function addZone({ schedule, time_zone, trigger }: RecurringRun): string {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const hasTimes = Boolean(trigger?.cron_schedule) && /\d\d:\d\d/.test(schedule);
  return hasTimes && time_zone !== here ? `${schedule} ${time_zone}` : schedule;
}
