import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Phase } from '../api/types';
import { phaseIcons } from '../icons';
import { describePhase } from '../phase';
import { Icon } from './Icon';

export interface IStateIconProps {
  readonly phase: Phase;
  readonly trans: TranslationBundle;
  /** KFP's state, shown if this version does not know it. */
  readonly raw?: string;
  /** Whether the word is beside it, so that screen readers skip the icon. */
  readonly decorative?: boolean;
}

/** The icon of a phase; it turns while something runs. */
export function StateIcon(props: IStateIconProps): React.JSX.Element {
  const { phase, trans, raw, decorative } = props;
  const turns = phase === 'RUNNING' || phase === 'CANCELING';
  const word = describePhase(phase, trans, raw);
  const reading = decorative ? { 'aria-hidden': true } : { role: 'img', 'aria-label': word, title: word };
  const icon = phaseIcons[phase];
  return (
    <span className={turns ? 'jp-kfp-Icon jp-kfp-turn' : 'jp-kfp-Icon'} data-phase={phase} {...reading}>
      <Icon of={icon} />
    </span>
  );
}

/** Icon and word of a phase. */
export function StateBadge(props: Omit<IStateIconProps, 'decorative'> & { title?: string }): React.JSX.Element {
  return (
    <span className="jp-kfp-State" title={props.title}>
      <StateIcon phase={props.phase} trans={props.trans} raw={props.raw} decorative />
      <span>{describePhase(props.phase, props.trans, props.raw)}</span>
    </span>
  );
}
