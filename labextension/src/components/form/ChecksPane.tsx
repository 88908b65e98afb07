import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { phaseIcons, warningIcon } from '../../icons';
import type { ICheck } from './checks';
import { Icon } from '../Icon';

export interface IChecksPaneProps {
  readonly checks: readonly ICheck[];
  readonly trans: TranslationBundle;
}

/** The checks, worst first. */
export function ChecksPane({ checks, trans }: IChecksPaneProps): React.JSX.Element {
  const changed = useChanged(checks);
  return (
    <section className="jp-kfp-Form-checks" aria-label={trans.__('Checks')}>
      <h3>{trans.__('Checks')}</h3>
      {checks.length === 0 && <p className="jp-kfp-dim">{trans.__('Choose what to run. Parameters appear here.')}</p>}
      {checks.map((check, index) => (
        <CheckLine key={index} check={check} trans={trans} />
      ))}
      <span className="jp-kfp-hidden" role="status">
        {changed.join(' ')}
      </span>
    </section>
  );
}

/** Milliseconds after the last change before it is announced. */
const SETTLED = 500;

/** Return the lines that are new since they were last announced: a reader hears these only. */
function useChanged(checks: readonly ICheck[]): readonly string[] {
  const lines = checks.map(({ text, fix }) => `${text} ${fix}`.trim());
  const key = lines.join('\n');
  const before = React.useRef<ReadonlySet<string> | null>(null);
  const [changed, setChanged] = React.useState<readonly string[]>([]);
  React.useEffect(() => {
    const timer = window.setTimeout(() => {
      const now = key === '' ? [] : key.split('\n');
      const old = before.current;
      before.current = new Set(now);
      // What is there at first is read like the rest of the form.
      setChanged(old === null ? [] : now.filter(line => !old.has(line)));
    }, SETTLED);
    return () => window.clearTimeout(timer);
  }, [key]);
  return changed;
}

function CheckLine({ check, trans }: { readonly check: ICheck; readonly trans: TranslationBundle }): React.JSX.Element {
  const icons = { error: phaseIcons.FAILED, warning: warningIcon, ok: phaseIcons.SUCCEEDED };
  const words = { error: trans.__('Error'), warning: trans.__('Warning'), ok: trans.__('Right') };
  const icon = icons[check.level];
  return (
    <div className="jp-kfp-Check" data-level={check.level}>
      <span className="jp-kfp-Icon" role="img" aria-label={words[check.level]}>
        <Icon of={icon} />
      </span>
      <span>
        {check.text}
        {check.fix && <span className="jp-kfp-Check-fix jp-kfp-dim">{check.fix}</span>}
      </span>
    </div>
  );
}
