// @vitest-environment node
import { describe, expect, it } from 'vitest';

import type { Phase } from '../src/api/types';
import { ACTIVE, isActive, isGroup, mayDo, toPhase, runsProgram } from '../src/rules';
import type { RunAction } from '../src/rules';
import cases from './data/run_rules.json';

const ACTIONS: readonly RunAction[] = ['terminate', 'retry', 'archive', 'restore', 'delete', 'clone'];

describe('the rules of the page are those of the server', () => {
  it.each(cases.states)('for the phase of the state “$state”', ({ state, phase }) => {
    expect(toPhase(state)).toBe(phase);
  });

  it.each(cases.phases)('for what is active: $phase', ({ phase, ended, active }) => {
    expect([isActive(phase as Phase), !isActive(phase as Phase)]).toEqual([active, ended]);
  });

  it.each(cases.runs)('for what may be done: $phase, archived $archived', row => {
    const run = { phase: row.phase as Phase, storage_state: row.archived ? 'ARCHIVED' : 'AVAILABLE' };
    for (const action of ACTIONS) {
      expect(mayDo(action, run), action).toBe(row[action]);
    }
  });

  it.each(cases.task_types)('for tasks of type “$type”', ({ type, group, log }) => {
    expect([isGroup({ type }), runsProgram({ type })]).toEqual([group, log]);
  });

  it('for no phase more', () => {
    expect(cases.phases.filter(({ active }) => active).map(({ phase }) => phase).sort()).toEqual([...ACTIVE].sort());
  });
});
