/** The input of a form, as it survives a reload. */
import { UUID } from '@lumino/coreutils';
import type { PartialJSONObject, ReadonlyPartialJSONValue } from '@lumino/coreutils';

import type { Source } from '../api/types';
import { readDraft, type IScheduleDraft } from './schedule';
import { EMPTY_FORM, type IFormState, type IRunOptions, type SourceChoice } from './form';

/** A form that was left open. */
export interface IKeptForm {
  /** The id of this form among those that are open. */
  readonly id: string;
  /** Identifies a press of Run: sent from two pages, or before and after a reload, it starts one run. */
  readonly key: string;
  readonly namespace: string;
  readonly choice: SourceChoice;
  /** Null while nothing is chosen. */
  readonly source: Source | null;
  /** The id of the cloned run, or "". */
  readonly cloneOf: string;
  /** The number of the cell that is run; 0 if there is none. */
  readonly cell: number;
  readonly draft: Readonly<Record<string, string>>;
  readonly name: string | null;
  readonly experiment: string;
  readonly options: IRunOptions;
  /** The schedule of a recurring run; null for a run. */
  readonly schedule: IScheduleDraft | null;
  /** The id of the recurring run that is edited, or "". */
  readonly edited: string;
}

/** Return the form as JSON, for the layout that JupyterLab keeps. */
export function toJson(form: IKeptForm): PartialJSONObject {
  return JSON.parse(JSON.stringify(form)) as PartialJSONObject;
}

/** Read a kept form, which another version may have written; null if there is none. */
export function readForm(value: ReadonlyPartialJSONValue | undefined): IKeptForm | null {
  if (!isObject(value) || typeof value['id'] !== 'string' || !/^[\w-]{1,64}$/.test(value['id'])) {
    return null;
  }
  const { id, key, namespace, name, experiment, cloneOf } = value;
  const choice = CHOICES.find(each => each === value['choice']) ?? EMPTY_FORM.choice;
  return {
    id,
    key: text(key) || UUID.uuid4(),
    namespace: text(namespace),
    choice,
    source: readSource(value['source']) ?? null,
    cloneOf: text(cloneOf),
    cell: typeof value['cell'] === 'number' ? value['cell'] : 0,
    draft: textsOf(value['draft']),
    name: typeof name === 'string' ? name : null,
    experiment: text(experiment) || EMPTY_FORM.experiment,
    options: optionsOf(value['options']),
    schedule: readDraft(value['schedule']),
    edited: text(value['edited'])
  };
}

/** Return a form's state with its kept input filled in. */
export function refill(state: IFormState, kept: IKeptForm): IFormState {
  const { choice, name, experiment, options, draft, cell, edited } = kept;
  const schedule = kept.schedule ? { ...state.schedule, isOn: true, draft: kept.schedule } : state.schedule;
  return { ...state, choice, name, experiment, options, cell, edited, schedule, draft: new Map(Object.entries(draft)) };
}

const CHOICES: readonly SourceChoice[] = ['file', 'pipeline', 'notebook', 'python', 'cell', 'run', 'example'];
const KINDS: readonly Source['kind'][] = ['example', 'file', 'pipeline', 'text', 'notebook', 'cell'];

/** Read a source given by a link, another extension or a kept layout. */
export function readSource(value: unknown): Source | undefined {
  if (!isObject(value)) {
    return undefined;
  }
  const kind = KINDS.find(each => each === value['kind']);
  return kind === undefined
    ? undefined
    : {
        kind,
        path: text(value['path']),
        text: text(value['text']),
        pipeline_id: text(value['pipeline_id']),
        pipeline_version_id: text(value['pipeline_version_id']),
        function: text(value['function']),
        files: listOf(value['files']),
        packages: listOf(value['packages']),
        image: text(value['image']),
        inputs: isObject(value['inputs']) ? value['inputs'] : {}
      };
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text).filter(each => each !== '') : [];
}

function optionsOf(value: unknown): IRunOptions {
  const { cache, description, pipelineRoot, serviceAccount } = isObject(value) ? value : {};
  return {
    cache: cache === 'on' || cache === 'off' ? cache : 'compiled',
    description: text(description),
    pipelineRoot: text(pipelineRoot),
    serviceAccount: text(serviceAccount)
  };
}

function textsOf(value: unknown): Record<string, string> {
  const entries = Object.entries(isObject(value) ? value : {});
  return Object.fromEntries(entries.map(([name, each]) => [name, text(each)]));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
