import type { ErrorBody } from '../api/types';
import type { ILine } from './ansi';

/** A log as a view needs it. */
export interface ILogState {
  /** Grows in place; `revision` counts the changes. */
  readonly lines: readonly ILine[];
  readonly revision: number;
  /** Whether the first line shown is the first line of the log. */
  readonly fromStart: boolean;
  /** Whether the first answer has come. */
  readonly loaded: boolean;
  /** Whether nothing more will come. */
  readonly complete: boolean;
  /** Where the log comes from: `embedded`, `pod`, `archive`, `copy`. */
  readonly source: string;
  /** Why it cannot be read, if so. */
  readonly error: ErrorBody | null;
}
