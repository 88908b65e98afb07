// @vitest-environment node
import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import type { ParameterSpec } from '../../src/api/types';
import { describeProblem } from '../../src/components/form/words';
import { check } from '../../src/values/check';
import table from '../data/parameters.json';

/** One row of the table; Python is tested against the same file. */
interface ICase {
  readonly type: ParameterSpec['type'];
  readonly spec?: Partial<ParameterSpec>;
  /** What a person types; a row without it is about a value that did not come from a form. */
  readonly text?: string;
  readonly sent?: unknown;
  readonly unsent?: boolean;
  readonly problem?: string;
  readonly write?: string;
}

const CASES = (table as ICase[]).filter(each => each.text !== undefined);
const trans = nullTranslator.load('');

describe('the table of parameter values', () => {
  it.each(CASES.map(each => [`${each.type} ${JSON.stringify(each.text).slice(0, 40)}`, each] as const))(
    '%s',
    (_, { type, spec, text = '', ...expected }) => {
      const checked = check(
        { name: 'p', type, description: '', has_default: false, default: null, optional: false, literals: [], ...spec },
        text,
        true
      );
      if (checked.kind === 'problem') {
        const { what, fix } = describeProblem(checked.problem, trans);
        expect(what).toBe(`${expected.problem?.replace(/^[a-z]/, first => first.toUpperCase())}.`);
        expect(fix).toContain(expected.write ?? '');
      } else if (checked.kind === 'value') {
        expect(JSON.parse(JSON.stringify(checked.value))).toEqual(expected.sent);
      } else {
        expect(expected.unsent).toBe(true);
      }
    }
  );
});
