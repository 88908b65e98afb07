/** The checks before a run is started, worst first. */
import type { Status } from '../../api/types';
import type { Format } from '../../format';
import type { IField } from '../../values/draft';
import { getRunName, isNotebook, MOST_LISTED, type IFormState } from '../../values/form';
import { readSchedule } from '../../values/schedule';
import { describeProblem, describeScheduleProblem } from './words';

/** One line of the checks. */
export interface ICheck {
  readonly level: 'error' | 'warning' | 'ok';
  readonly text: string;
  /** The remedy. */
  readonly fix: string;
}

/** The input of the checks. */
export interface ICheckFacts {
  readonly state: IFormState;
  readonly fields: readonly IField[];
  readonly namespace: string;
  readonly connected: boolean;
  /** Who and where, if it is about the namespace of the form. */
  readonly status: Status | null;
}

/** KFP keeps at most this many characters of a run's name. */
const LONGEST_NAME = 255;

/** An RFC 1123 subdomain, as Kubernetes wants it. */
const ACCOUNT = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

const ORDER = { error: 0, warning: 1, ok: 2 } as const;

/** Return the checks, worst first. */
export function listChecks(facts: ICheckFacts, format: Format): readonly ICheck[] {
  const { state } = facts;
  const found = [
    ...checkPlace(facts, format),
    ...(state.inspection
      ? [
          ...checkPipeline(facts, format),
          ...checkCode(state, format),
          ...checkExperiment(state, format),
          ...checkOptions(state, format),
          ...checkName(state, format)
        ]
      : []),
    ...(state.schedule.isOn ? checkSchedule(state, format) : [])
  ];
  return found
    .map((check, index) => ({ check, index }))
    .sort((one, other) => ORDER[one.check.level] - ORDER[other.check.level] || one.index - other.index)
    .map(({ check }) => check);
}

/** Return why the run cannot be started, or undefined when it can. */
export function whyNotRun(facts: ICheckFacts, format: Format): string | undefined {
  const { state } = facts;
  const { trans } = format;
  if (state.submitError?.code === 'submit-unclear') {
    return trans.__('Not confirmed yet. Nothing is sent twice.');
  }
  if (state.busy) {
    return trans.__('It is being sent.');
  }
  if (state.inspecting) {
    return trans.__('The pipeline is being read.');
  }
  if (state.sourceError) {
    return state.sourceError.message;
  }
  if (!state.inspection) {
    return trans.__('Choose what to run first.');
  }
  const worst = listChecks(facts, format)[0];
  return worst?.level === 'error' ? worst.text : undefined;
}

function checkPlace({ connected, status, namespace }: ICheckFacts, { trans }: Format): ICheck[] {
  if (!connected) {
    return [{ level: 'error', text: trans.__('Not connected.'), fix: '' }];
  }
  if (status?.can_run === false) {
    return [
      {
        level: 'error',
        text: trans.__('You can look but not run in %1.', namespace),
        fix: trans.__('Ask an owner of %1.', namespace)
      }
    ];
  }
  return status?.can_run ? [{ level: 'ok', text: trans.__('You may run in %1', namespace), fix: '' }] : [];
}

function checkPipeline({ state, fields }: ICheckFacts, format: Format): ICheck[] {
  const { trans } = format;
  const { pipeline, warnings } = state.inspection ?? { pipeline: { name: '', tasks: 0 }, warnings: [] };
  const tasks = isNotebook(state)
    ? describeCode(state, format)
    : trans._n('Pipeline %2, %1 task', 'Pipeline %2, %1 tasks', pipeline.tasks, pipeline.name);
  const wrong = fields.flatMap(({ spec, checked }): ICheck[] => {
    if (checked.kind !== 'problem') {
      return [];
    }
    const words = describeProblem(checked.problem, trans);
    return [{ level: 'error', text: `${spec.name}: ${words.what}`, fix: words.fix }];
  });
  const right = fields.length - wrong.length;
  return [
    { level: 'ok', text: tasks, fix: '' },
    ...warnings.map((text): ICheck => ({ level: 'warning', text, fix: '' })),
    ...wrong,
    ...(right > 0
      ? [{ level: 'ok', text: trans._n('%1 parameter is right', '%1 parameters are right', right), fix: '' } as const]
      : [])
  ];
}

/** “Notebook analysis.ipynb, 7 cells”. */
function describeCode({ choice, path, cell, inspection }: IFormState, { trans }: Format): string {
  const file = path.split('/').at(-1) ?? '';
  if (choice === 'notebook') {
    return trans._n('Notebook %2, %1 cell', 'Notebook %2, %1 cells', inspection?.cells ?? 0, file);
  }
  return cell > 0 ? trans.__('Cell %1 of %2', cell, file) : trans.__('Code of %1', file);
}

/** Check what a notebook or a cell needs beside its code. */
function checkCode(state: IFormState, format: Format): ICheck[] {
  const { trans } = format;
  const { inspection, choice, unsaved, path } = state;
  if (!inspection || !isNotebook(state)) {
    return [];
  }
  const { names, files } = inspection;
  const sent = names.filter(({ is_sent }) => is_sent).length;
  const total = files.reduce((sum, { size }) => sum + size, 0);
  return [
    ...(choice === 'notebook' && unsaved
      ? [{ level: 'warning', text: trans.__('%1 has unsaved changes.', path.split('/').at(-1)), fix: '' } as const]
      : []),
    ...names
      .filter(({ is_sent }) => !is_sent)
      .map(({ name, reason }): ICheck => ({ level: 'error', text: trans.__('%1 is not sent.', name), fix: reason })),
    ...(sent > 0
      ? [{ level: 'ok', text: trans._n('%1 name is sent', '%1 names are sent', sent), fix: '' } as const]
      : []),
    ...(files.length > 0
      ? [{ level: 'ok', text: trans._n('%1 file, %2', '%1 files, %2', files.length, format.size(total)), fix: '' } as const]
      : [])
  ];
}

/** Say that the experiment has yet to be created; it may be on another page of many. */
function checkExperiment({ experiments, experiment }: IFormState, { trans }: Format): ICheck[] {
  const isListed = experiments.some(({ display_name }) => display_name === experiment);
  return isListed || experiments.length === 0 || experiments.length >= MOST_LISTED
    ? []
    : [{ level: 'ok', text: trans.__('Experiment %1 is new, it is created first', experiment), fix: '' }];
}

/** Check what the server does not apply, and what cannot name a service account. */
function checkOptions({ options, inspection }: IFormState, { trans }: Format): ICheck[] {
  const account = options.serviceAccount.trim();
  const given = { service_account: account, pipeline_root: options.pipelineRoot.trim() };
  const ignored = Object.entries(given)
    .filter(([field, value]) => value !== '' && inspection?.ignored[field] !== undefined)
    .map(([field]): ICheck => ({ level: 'warning', text: inspection?.ignored[field] ?? '', fix: '' }));
  return account === '' || ACCOUNT.test(account)
    ? ignored
    : [
        {
          level: 'error',
          text: trans.__('Account: “%1” is not the name of a service account.', account),
          fix: trans.__('It has lower-case letters, digits, hyphens and dots.')
        },
        ...ignored
      ];
}

function checkName(state: IFormState, { trans }: Format): ICheck[] {
  const length = [...getRunName(state).trim()].length;
  if (length === 0) {
    return [{ level: 'error', text: trans.__('Run name: A value is needed.'), fix: '' }];
  }
  if (length > LONGEST_NAME) {
    return [
      {
        level: 'error',
        text: trans.__('Run name: %1 characters are too many.', length),
        fix: trans.__('The limit is %1.', LONGEST_NAME)
      }
    ];
  }
  return [];
}

function checkSchedule({ schedule }: IFormState, format: Format): ICheck[] {
  const { trans } = format;
  const read = readSchedule(schedule.draft);
  if ('problem' in read) {
    return [{ level: 'error', text: trans.__('Schedule: %1', describeScheduleProblem(read.problem, format)), fix: '' }];
  }
  if (schedule.error) {
    const { message, next } = schedule.error;
    return [{ level: 'error', text: trans.__('Schedule: %1', message), fix: next }];
  }
  return schedule.preview
    ? [
        { level: 'ok', text: trans.__('Schedule: %1', schedule.preview.words), fix: '' },
        ...(schedule.preview.note ? [{ level: 'warning', text: schedule.preview.note, fix: '' } as const] : [])
      ]
    : [];
}
