import type { TranslationBundle } from '@jupyterlab/translation';

import type { Phase } from './api/types';

/** Return the word for `phase`; `raw` is KFP's state, shown when this version does not know it. */
export function describePhase(phase: Phase, trans: TranslationBundle, raw = ''): string {
  switch (phase) {
    case 'PENDING':
      return trans.__('Pending');
    case 'RUNNING':
      return trans.__('Running');
    case 'SUCCEEDED':
      return trans.__('Succeeded');
    case 'FAILED':
      return trans.__('Failed');
    case 'CANCELING':
      return trans.__('Canceling');
    case 'CANCELED':
      return trans.__('Canceled');
    case 'SKIPPED':
      return trans.__('Skipped');
    case 'PAUSED':
      return trans.__('Paused');
    case 'CACHED':
      return trans.__('From cache');
    case 'UNCONFIRMED':
      return trans.__('Not confirmed');
    case 'UNKNOWN':
      return raw ? trans.__('Unknown (“%1”)', raw) : trans.__('Unknown');
  }
}
