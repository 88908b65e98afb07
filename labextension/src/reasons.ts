/** Why something cannot be done now, in words for a tooltip; undefined when it can. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Run } from './api/types';
import { isActive, mayDo } from './rules';
import type { RunAction } from './rules';
import type { IConnection } from './tokens';

/** What decides whether anything can be changed. */
export type IAccess = Pick<IConnection, 'state' | 'status' | 'error' | 'namespace'>;

/** Return why nothing can be changed or started in `namespace`, by default the current one. */
export function whyLocked(
  { state, status, error, namespace: current }: IAccess,
  trans: TranslationBundle,
  namespace = current
): string | undefined {
  if (state === 'lost') {
    return error?.code === 'server-half-missing' ? trans.__('The server part is missing.') : trans.__('Not connected.');
  }
  if (state === 'connecting' && status === null) {
    return trans.__('Connecting…');
  }
  // The status has the permissions in the current namespace only.
  if (status?.can_run === false && namespace === current) {
    return trans.__('You can look but not run in %1.', namespace);
  }
  return undefined;
}

/** Return why `action` cannot be done with `run`. */
export function whyOff(action: RunAction, run: Run, access: IAccess, trans: TranslationBundle): string | undefined {
  return (
    whyLocked(access, trans, run.namespace || access.namespace) ??
    (mayDo(action, run) ? undefined : whyRefused(action, run, trans))
  );
}

function whyRefused(action: RunAction, run: Run, trans: TranslationBundle): string {
  if (run.phase === 'UNCONFIRMED') {
    return trans.__('This run is not confirmed yet.');
  }
  switch (action) {
    case 'terminate':
      return isActive(run.phase) ? trans.__('It is being terminated.') : trans.__('This run has ended.');
    case 'retry':
      return trans.__('Only a failed or canceled run can be retried.');
    case 'archive':
      return trans.__('This run is archived.');
    default:
      return trans.__('This run is not archived.');
  }
}
