import * as React from 'react';

import type { Format } from '../../format';
import { getRunName, type IFormState } from '../../values/form';
import {
  getOffset,
  getZone,
  listZones,
  readSchedule,
  UNITS,
  type IScheduleDraft,
  type Repeat,
  type ScheduleProblem,
  type Unit
} from '../../values/schedule';
import { FieldRow, invalid } from './Field';
import { describeScheduleProblem } from './words';

export interface IScheduleFieldsProps {
  readonly state: IFormState;
  readonly format: Format;
  readonly prefix: string;
  readonly onName: (name: string) => void;
  readonly onSchedule: (part: Partial<IScheduleDraft>) => void;
}

export interface IWhenFieldProps {
  readonly state: IFormState;
  readonly format: Format;
  readonly prefix: string;
  readonly onWhen: (isOn: boolean) => void;
}

/** Whether to run now or on a schedule; a recurring run that is edited stays one. */
export function WhenField({ state, format, prefix, onWhen }: IWhenFieldProps): React.JSX.Element | null {
  const { trans } = format;
  const choices = [
    { isOn: false, label: trans.__('Now') },
    { isOn: true, label: trans.__('On a schedule') }
  ];
  return state.edited ? null : (
    <FieldRow label={trans.__('When')}>
      <span className="jp-kfp-Radios" role="radiogroup" aria-label={trans.__('When')}>
        {choices.map(({ isOn, label }) => (
          <label key={label}>
            <input
              type="radio"
              name={`${prefix}-when`}
              checked={state.schedule.isOn === isOn}
              disabled={state.busy}
              onChange={() => onWhen(isOn)}
            />
            {label}
          </label>
        ))}
      </span>
    </FieldRow>
  );
}

/** The schedule of a recurring run, and when it starts next. */
export function ScheduleFields(props: IScheduleFieldsProps): React.JSX.Element {
  const { state, format, prefix, onName } = props;
  const { trans } = format;
  const id = `${prefix}-name`;
  return (
    <>
      <div className="jp-kfp-Form-group">
        <h3 className="jp-kfp-grow">{trans.__('Schedule')}</h3>
      </div>
      <FieldRow label={trans.__('Name')} control={id}>
        <input
          id={id}
          className="jp-kfp-Input"
          type="text"
          autoComplete="off"
          value={getRunName(state)}
          readOnly={state.busy}
          onChange={event => onName(event.target.value)}
        />
      </FieldRow>
      <RepeatFields {...props} />
      <BoundFields {...props} />
      <NextStarts {...props} />
    </>
  );
}

function RepeatFields(props: IScheduleFieldsProps): React.JSX.Element {
  const { state, format, prefix, onSchedule } = props;
  const { trans } = format;
  const { repeat } = state.schedule.draft;
  const choices: readonly [Repeat, string][] = [
    ['every', trans.__('Every')],
    ['weekly', trans.__('Weekly')],
    ['cron', trans.__('Cron')]
  ];
  return (
    <>
      <FieldRow label={trans.__('Repeat')}>
        <span className="jp-kfp-Radios" role="radiogroup" aria-label={trans.__('Repeat')}>
          {choices.map(([id, label]) => (
            <label key={id}>
              <input
                type="radio"
                name={`${prefix}-repeat`}
                checked={repeat === id}
                onChange={() => onSchedule({ repeat: id })}
              />
              {label}
            </label>
          ))}
        </span>
      </FieldRow>
      {repeat === 'every' && <EveryField {...props} />}
      {repeat === 'weekly' && <WeeklyField {...props} />}
      {repeat === 'cron' && <CronField {...props} />}
      {repeat !== 'every' && <ZoneField {...props} />}
    </>
  );
}

/** The error of a field: its own, or what the server says of it. */
function findError({ state, format }: IScheduleFieldsProps, own: ScheduleProblem, field: string): string | undefined {
  const read = readSchedule(state.schedule.draft);
  if ('problem' in read && read.problem === own) {
    return describeScheduleProblem(own, format);
  }
  const said = state.schedule.error?.message ?? '';
  return said.startsWith(`${field}: `) ? capitalize(said.slice(field.length + 2)) : undefined;
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function EveryField(props: IScheduleFieldsProps): React.JSX.Element {
  const { state, format, prefix, onSchedule } = props;
  const { trans } = format;
  const { every, unit } = state.schedule.draft;
  const id = `${prefix}-every`;
  const words: Record<Unit, string> = {
    minutes: trans.__('minutes'),
    hours: trans.__('hours'),
    days: trans.__('days')
  };
  const error = findError(props, 'every', 'interval_second');
  return (
    <FieldRow label="" error={error} control={id}>
      <span className="jp-kfp-Inline">
        <input
          id={id}
          className="jp-kfp-Input jp-mod-number"
          inputMode="numeric"
          aria-label={trans.__('Every')}
          value={every}
          onChange={event => onSchedule({ every: event.target.value })}
          {...invalid(id, error)}
        />
        <select
          className="jp-kfp-Select"
          aria-label={trans.__('Unit')}
          value={unit}
          onChange={event => onSchedule({ unit: event.target.value as Unit })}
        >
          {(Object.keys(UNITS) as Unit[]).map(each => (
            <option key={each} value={each}>
              {words[each]}
            </option>
          ))}
        </select>
      </span>
    </FieldRow>
  );
}

function WeeklyField(props: IScheduleFieldsProps): React.JSX.Element {
  const { state, format, prefix, onSchedule } = props;
  const { trans } = format;
  const { days, at } = state.schedule.draft;
  const id = `${prefix}-at`;
  const names: readonly [number, string, string][] = [
    [1, trans.__('Mo'), trans.__('Monday')],
    [2, trans.__('Tu'), trans.__('Tuesday')],
    [3, trans.__('We'), trans.__('Wednesday')],
    [4, trans.__('Th'), trans.__('Thursday')],
    [5, trans.__('Fr'), trans.__('Friday')],
    [6, trans.__('Sa'), trans.__('Saturday')],
    [0, trans.__('Su'), trans.__('Sunday')]
  ];
  const error = findError(props, 'days', 'days') ?? findError(props, 'at', 'cron');
  return (
    <FieldRow label="" error={error} control={id} className="jp-mod-wide">
      <span className="jp-kfp-Inline" role="group" aria-label={trans.__('Days')}>
        {names.map(([day, short, long]) => (
          <button
            key={day}
            type="button"
            className="jp-kfp-Day"
            aria-pressed={days.includes(day)}
            aria-label={long}
            onClick={() =>
              onSchedule({ days: days.includes(day) ? days.filter(each => each !== day) : [...days, day] })
            }
          >
            {short}
          </button>
        ))}
        <span>{trans.__('at')}</span>
        <input
          id={id}
          className="jp-kfp-Input jp-mod-time"
          type="time"
          aria-label={trans.__('At')}
          value={at}
          onChange={event => onSchedule({ at: event.target.value })}
          {...invalid(id, error)}
        />
      </span>
    </FieldRow>
  );
}

function CronField(props: IScheduleFieldsProps): React.JSX.Element {
  const { state, format, prefix, onSchedule } = props;
  const { draft, preview } = state.schedule;
  const id = `${prefix}-cron`;
  const error = findError(props, 'cron', 'cron');
  return (
    <FieldRow label="" control={id} error={error} hint={preview?.words}>
      <input
        id={id}
        className="jp-kfp-Input jp-kfp-mono"
        spellCheck={false}
        autoComplete="off"
        aria-label={format.trans.__('Cron')}
        title={format.trans.__('minute hour day-of-month month day-of-week; six fields begin with the second')}
        value={draft.cron}
        onChange={event => onSchedule({ cron: event.target.value })}
        {...invalid(id, error)}
      />
    </FieldRow>
  );
}

function ZoneField({ state, format, prefix, onSchedule }: IScheduleFieldsProps): React.JSX.Element {
  const { trans } = format;
  const { draft, preview, error } = state.schedule;
  const id = `${prefix}-zone`;
  const said = error?.message.startsWith('time_zone: ') ? capitalize(error.message.slice(11)) : undefined;
  const zones = React.useMemo(() => listZones(draft.zone), [draft.zone]);
  const hint = preview?.note || (draft.zone === getZone() ? trans.__('this browser’s zone') : '');
  return (
    <FieldRow label={trans.__('Zone')} control={id} hint={hint} error={said}>
      <select
        id={id}
        className="jp-kfp-Select"
        value={draft.zone}
        onChange={event => onSchedule({ zone: event.target.value })}
        {...invalid(id, said)}
      >
        {zones.map(zone => (
          <option key={zone}>{zone}</option>
        ))}
      </select>
    </FieldRow>
  );
}

function BoundFields(props: IScheduleFieldsProps): React.JSX.Element {
  const { state, format, prefix, onSchedule } = props;
  const { trans } = format;
  const { start, end, most, catchUp } = state.schedule.draft;
  const [startId, endId, mostId] = [`${prefix}-start`, `${prefix}-end`, `${prefix}-most`];
  const late = findError(props, 'order', 'end_time') ?? findError(props, 'order', 'start_time');
  const many = findError(props, 'most', 'max_concurrency');
  return (
    <>
      <FieldRow label={trans.__('Start')} control={startId} error={late} className="jp-mod-wide">
        <span className="jp-kfp-Inline">
          <input
            id={startId}
            className="jp-kfp-Input jp-mod-date"
            type="datetime-local"
            title={trans.__('Empty: now')}
            value={start}
            onChange={event => onSchedule({ start: event.target.value })}
          />
          <label htmlFor={endId}>{trans.__('End')}</label>
          <input
            id={endId}
            className="jp-kfp-Input jp-mod-date"
            type="datetime-local"
            title={trans.__('Empty: no end')}
            value={end}
            onChange={event => onSchedule({ end: event.target.value })}
            {...invalid(startId, late)}
          />
        </span>
      </FieldRow>
      <FieldRow label={trans.__('At most')} control={mostId} error={many}>
        <span className="jp-kfp-Inline">
          <input
            id={mostId}
            className="jp-kfp-Input jp-mod-number"
            type="number"
            min={1}
            max={10}
            value={most}
            onChange={event => onSchedule({ most: event.target.value })}
            {...invalid(mostId, many)}
          />
          {trans.__('at a time')}
        </span>
      </FieldRow>
      <FieldRow label="" className="jp-mod-wide">
        <label className="jp-kfp-Tick jp-kfp-Inline">
          <input
            type="checkbox"
            checked={catchUp}
            onChange={event => onSchedule({ catchUp: event.target.checked })}
          />
          {trans.__('Catch up missed starts')}
          <span className="jp-kfp-small jp-kfp-dim">{trans.__('Runs all missed starts one by one.')}</span>
        </label>
      </FieldRow>
    </>
  );
}

/** The next five starts: here and in UTC; a line whose UTC time moves says why. */
function NextStarts({ state, format }: IScheduleFieldsProps): React.JSX.Element {
  const { trans } = format;
  const { preview, draft } = state.schedule;
  const here = getZone();
  const zone = draft.repeat === 'every' ? here : draft.zone;
  const starts = (preview?.next_starts ?? []).map(start => Date.parse(start));
  const lines = starts.map((start, index) => {
    const offset = getOffset(start, zone);
    const before = index === 0 ? getOffset(Date.now(), zone) : getOffset(starts[index - 1] ?? start, zone);
    const change = offset === before ? '' : offset > before ? trans.__('summer time') : trans.__('winter time');
    return { start, change };
  });
  return (
    <FieldRow label={trans.__('Next')} className="jp-mod-wide">
      <div className="jp-kfp-Next" role="status" aria-label={trans.__('Next starts')}>
        {lines.map(({ start, change }) => (
          <div key={start}>
            <span className="jp-kfp-num">{format.day(start, here)}</span>
            <span className="jp-kfp-num jp-kfp-dim">{trans.__('(%1 UTC)', format.time(start, 'UTC'))}</span>
            <span className="jp-kfp-small jp-kfp-dim">{change}</span>
          </div>
        ))}
        {preview && lines.length === 0 && <div>{trans.__('It never starts.')}</div>}
      </div>
    </FieldRow>
  );
}
