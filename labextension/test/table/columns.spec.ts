// @vitest-environment node
import { describe, expect, it } from 'vitest';

import {
  chooseColumns,
  clickColumn,
  listRunColumns,
  listSeenColumns,
  sortRuns,
  toColumnSort,
  toTable
} from '../../src/table/columns';
import type { IColumnsOptions } from '../../src/table/columns';
import { format, run } from '../samples';

const METRICS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  a: { auc: 0.93124, loss: 0.2 },
  b: { auc: 0.9, loss: Number.NaN, f1: 1, recall: 0.5 }
};

const RUNS = [
  run({ run_id: 'a', display_name: '=cmd()', finished_at: '2026-03-12T14:01:00Z', phase: 'SUCCEEDED', ...give({ lr: 0.1, mode: 'fast' }) }),
  run({ run_id: 'b', display_name: 'second', finished_at: '2026-03-12T14:00:08Z', phase: 'FAILED', ...give({ lr: 2, flags: [1] }) }),
  run({ run_id: 'c', display_name: 'third', phase: 'SUCCEEDED' })
];

function give(parameters: Record<string, unknown>): { runtime_config: { parameters: Record<string, unknown>; pipeline_root: string } } {
  return { runtime_config: { parameters, pipeline_root: '' } };
}

const options: IColumnsOptions = {
  format,
  now: Date.parse('2026-03-12T15:00:00Z'),
  metrics: ({ run_id }) => METRICS[run_id],
  pipelines: new Map()
};
const fixed = listRunColumns(options);
const seen = listSeenColumns(RUNS, options);
const all = [...fixed, ...seen];

function order(...sorts: readonly [string, boolean][]): string[] {
  return sortRuns(RUNS, sorts.map(([id, descending]) => ({ id, descending })), all).map(({ run_id }) => run_id);
}

describe('the columns', () => {
  it('are those of every run, then the metrics and parameters that one has', () => {
    expect(fixed.map(({ id }) => id)).toEqual(['state', 'name', 'experiment', 'pipeline', 'started', 'took']);
    expect(seen.map(({ title }) => title)).toEqual(['auc', 'loss', 'f1', 'recall', 'lr', 'mode', 'flags']);
    expect(seen.map(({ text }) => text(RUNS[1] ?? run({ run_id: '' })))).toEqual(['0.9', 'NaN', '1', '0.5', '2', '–', '[1]']);
  });

  it('show the chosen metrics, else the first three', () => {
    expect(chooseColumns(seen, ['recall'])).toEqual(['metric recall', 'parameter lr', 'parameter mode', 'parameter flags']);
    expect(chooseColumns(seen, ['gone']).slice(0, 3)).toEqual(['metric auc', 'metric loss', 'metric f1']);
  });
});

describe('the order', () => {
  it('has runs without a value last in both directions', () => {
    expect([order(['metric auc', false]), order(['metric auc', true])]).toEqual([
      ['b', 'a', 'c'],
      ['a', 'b', 'c']
    ]);
  });

  it('sorts by one column after the other', () => {
    expect(order(['state', true], ['took', false])).toEqual(['a', 'c', 'b']);
    expect(order(['experiment', false], ['name', true])).toEqual(['c', 'b', 'a']);
  });

  it('turns at a second click, and joins with Shift', () => {
    const once = clickColumn([], 'name', false);
    expect(clickColumn(once, 'name', false)).toEqual([{ id: 'name', descending: true }]);
    expect(clickColumn(once, 'took', true)).toEqual([...once, { id: 'took', descending: false }]);
    expect(toColumnSort({ field: 'created_at', descending: true }, fixed)).toEqual([{ id: 'started', descending: true }]);
  });
});

it('is written as CSV with full values that no spreadsheet runs', () => {
  const [head, first] = toTable(RUNS, all).split('\r\n');
  expect(head).toBe('run_id,State,Name,Experiment,Pipeline,Started,Took,metric.auc,metric.loss,metric.f1,metric.recall,parameter.lr,parameter.mode,parameter.flags');
  expect(first).toBe("a,Succeeded,'=cmd(),churn,,2026-03-12T14:00:00Z,60,0.93124,0.2,,,0.1,fast,");
});
