/** What is said of a value that cannot be sent. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { JsonExpectation } from '../../values/jsonerror';
import type { ValueProblem } from '../../values/check';
import { cutMiddle } from '../../format';

/** A problem in a sentence, and in another one what to write. */
export interface IProblemWords {
  readonly what: string;
  readonly fix: string;
}

/** Return the words for `problem`. */
export function wordsOf(problem: ValueProblem, trans: TranslationBundle): IProblemWords {
  switch (problem.kind) {
    case 'missing':
      return { what: trans.__('A value is needed.'), fix: '' };
    case 'not-a-number':
      return { what: trans.__('“%1” is not a number.', short(problem.got)), fix: writeWords(problem.write, trans) };
    case 'not-an-integer':
      return { what: trans.__('“%1” is not an integer.', short(problem.got)), fix: writeWords(problem.write, trans) };
    case 'too-large':
      return {
        what: trans.__('“%1” is too large.', short(problem.got)),
        fix: trans.__('KFP carries numbers as 64-bit floating point.')
      };
    case 'not-a-choice':
      return { what: trans.__('“%1” is not one of the choices.', short(problem.got)), fix: '' };
    case 'not-a-list':
      return { what: trans.__('This is not a list.'), fix: trans.__('Write [1, 2].') };
    case 'not-an-object':
      return { what: trans.__('This is not a JSON object.'), fix: trans.__('Write {"name": 1}.') };
    case 'not-json': {
      const { line, column, expected, found } = problem.error;
      const wanted = expectationWord(expected, trans);
      const what = found
        ? trans.__('Line %1, column %2: expected %3, found “%4”.', line, column, wanted, found)
        : trans.__('Line %1, column %2: expected %3, but the text ends.', line, column, wanted);
      return { what, fix: '' };
    }
  }
}

function writeWords(write: string | undefined, trans: TranslationBundle): string {
  return write === undefined ? '' : trans.__('Write %1.', write);
}

function expectationWord(expected: JsonExpectation, trans: TranslationBundle): string {
  switch (expected) {
    case 'value':
      return trans.__('a value');
    case 'key':
      return trans.__('a name in double quotes');
    case 'colon':
      return trans.__('“:”');
    case 'comma':
      return trans.__('“,” or the end of the list');
    case 'quote':
      return trans.__('a closing double quote');
    case 'end':
      return trans.__('the end');
    case 'escape':
      return trans.__('\\n, \\" or another escape');
    case 'number':
      return trans.__('a number such as 0.5');
  }
}

function short(text: string): string {
  return cutMiddle(text, 40);
}
