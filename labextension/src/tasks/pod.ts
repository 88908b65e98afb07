import type { ErrorBody, PodView } from '../api/types';

/** The pod of a task as a view needs it. */
export interface IPodState {
  /** The newest answer; null before the first. */
  readonly view: PodView | null;
  /** Why the last read failed. */
  readonly error: ErrorBody | null;
}
