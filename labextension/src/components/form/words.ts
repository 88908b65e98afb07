/** The messages about values that cannot be sent. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Format } from '../../format';
import type { ScheduleProblem } from '../../values/schedule';
import type { JsonExpectation } from '../../values/jsonerror';
import type { ValueProblem } from '../../values/check';

/** A problem in one sentence, and the remedy in another. */
export interface IProblemWords {
  readonly what: string;
  readonly fix: string;
}

/** Return the words for `problem`. */
export function describeProblem(problem: ValueProblem, trans: TranslationBundle): IProblemWords {
  switch (problem.kind) {
    case 'missing':
      return { what: trans.__('A value is needed.'), fix: '' };
    case 'half-character':
      return { what: trans.__('The text holds half a character.'), fix: '' };
    case 'not-a-number':
      return { what: trans.__('“%1” is not a number.', short(problem.got)), fix: writeWords(problem.write, trans) };
    case 'not-an-integer':
      return { what: trans.__('“%1” is not an integer.', short(problem.got)), fix: writeWords(problem.write, trans) };
    case 'too-large':
      return {
        what: trans.__('“%1” is too large.', short(problem.got)),
        fix: trans.__('KFP carries numbers as 64-bit floating point.')
      };
    case 'too-deep':
      return { what: trans.__('The value is nested too deep.'), fix: '' };
    case 'not-a-choice': {
      const choices = problem.choices.map(choice => `“${short(choice)}”`).join(', ');
      return { what: trans.__('“%1” is not one of %2.', short(problem.got), choices), fix: '' };
    }
    case 'not-a-boolean':
      return { what: trans.__('“%1” is not true or false.', short(problem.got)), fix: '' };
    case 'not-a-list':
      return { what: trans.__('“%1” is not a list.', short(problem.got)), fix: trans.__('Write [1, 2].') };
    case 'not-an-object':
      return { what: trans.__('“%1” is not a JSON object.', short(problem.got)), fix: trans.__('Write {"name": 1}.') };
    case 'not-json': {
      const { line, column, expected, found } = problem.error;
      const wanted = describeExpectation(expected, trans);
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

function describeExpectation(expected: JsonExpectation, trans: TranslationBundle): string {
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

/** The length at which Python cuts a value that a message quotes. */
const LONGEST = 60;

function short(text: string): string {
  const characters = [...text];
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join('')}…` : text;
}

/** Say what is wrong with a schedule. */
export function describeScheduleProblem(problem: ScheduleProblem, { trans }: Format): string {
  switch (problem) {
    case 'every':
      return trans.__('Write a whole number from 1 on.');
    case 'days':
      return trans.__('Choose a day.');
    case 'at':
      return trans.__('Write a time, as 09:00.');
    case 'cron':
      return trans.__('Write a cron text, as 0 9 * * 1-5.');
    case 'most':
      return trans.__('Write a whole number from 1 to 10.');
    case 'order':
      return trans.__('The end is before the start.');
  }
}
