/** Our own icons; all others are JupyterLab's. */
import { LabIcon } from '@jupyterlab/ui-components';

import cached from '../style/icons/cached.svg';
import canceled from '../style/icons/canceled.svg';
import canceling from '../style/icons/canceling.svg';
import doctor from '../style/icons/doctor.svg';
import experiment from '../style/icons/experiment.svg';
import failed from '../style/icons/failed.svg';
import paused from '../style/icons/paused.svg';
import pending from '../style/icons/pending.svg';
import pipelines from '../style/icons/pipelines.svg';
import recurring from '../style/icons/recurring.svg';
import running from '../style/icons/running.svg';
import skipped from '../style/icons/skipped.svg';
import succeeded from '../style/icons/succeeded.svg';
import unconfirmed from '../style/icons/unconfirmed.svg';
import unknown from '../style/icons/unknown.svg';
import warning from '../style/icons/warning.svg';
import type { Phase } from './api/types';

function icon(name: string, svgstr: string): LabIcon {
  return new LabIcon({ name: `jupyter-kfp-mt:${name}`, svgstr });
}

export const pipelinesIcon = icon('pipelines', pipelines);
export const experimentIcon = icon('experiment', experiment);
export const recurringIcon = icon('recurring', recurring);
export const doctorIcon = icon('doctor', doctor);
export const warningIcon = icon('warning', warning);

/** The icon of each phase; its shape says it, colour only helps. */
export const phaseIcons: Readonly<Record<Phase, LabIcon>> = {
  PENDING: icon('pending', pending),
  RUNNING: icon('running', running),
  SUCCEEDED: icon('succeeded', succeeded),
  FAILED: icon('failed', failed),
  CANCELING: icon('canceling', canceling),
  CANCELED: icon('canceled', canceled),
  SKIPPED: icon('skipped', skipped),
  PAUSED: icon('paused', paused),
  CACHED: icon('cached', cached),
  UNKNOWN: icon('unknown', unknown),
  UNCONFIRMED: icon('unconfirmed', unconfirmed)
};
