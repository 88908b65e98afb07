import { copyIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { toErrorBody } from '../api/errors';
import type { Check, DoctorReport, ErrorBody } from '../api/types';
import type { Format } from '../format';
import { phaseIcons, warningIcon } from '../icons';
import { Button } from './Button';
import { ErrorNotice, report } from './ErrorNotice';
import { Skeleton } from './Skeleton';
import { Icon } from './Icon';

export interface IDoctorProps {
  /** Runs the checks; `onCheck` receives each as soon as it is done. */
  readonly ask: (onCheck: (check: Check) => void) => Promise<DoctorReport>;
  readonly format: Format;
  readonly onCopy: (text: string) => void;
}

/** The progress of an examination. */
interface IState {
  /** The checks done so far. */
  readonly checks: readonly Check[];
  readonly report: DoctorReport | null;
  readonly error: ErrorBody | null;
  readonly at: string;
}

const BEGIN: IState = { checks: [], report: null, error: null, at: '' };

/** Every check with its evidence as soon as it is done; at the end a notice with the first real cause. */
export function Doctor(props: IDoctorProps): React.JSX.Element {
  const { ask, format, onCopy } = props;
  const { trans } = format;
  const [state, setState] = React.useState<IState>(BEGIN);
  const asked = React.useRef(0);
  const examine = React.useCallback(() => {
    const number = ++asked.current;
    const set = (next: (state: IState) => IState): void => setState(now => (number === asked.current ? next(now) : now));
    const at = (): string => new Date().toISOString();
    setState(BEGIN);
    ask(check => set(state => ({ ...state, checks: [...state.checks, check] }))).then(
      report => set(() => ({ checks: report.checks, report, error: null, at: at() })),
      (error: unknown) => set(state => ({ ...state, error: toErrorBody(error), at: at() }))
    );
  }, [ask]);
  React.useEffect(examine, [examine]);
  const cause = state.error ?? state.report?.cause ?? null;
  return (
    <section className="jp-kfp jp-kfp-Main jp-kfp-Doctor">
      <div className="jp-kfp-Toolbar" role="toolbar">
        <Button label={trans.__('Run again')} kind="quiet" icon={refreshIcon} onClick={examine} />
        <Button
          label={trans.__('Copy report')}
          kind="quiet"
          icon={copyIcon}
          off={state.at === '' ? trans.__('Wait for the answer.') : undefined}
          onClick={() => onCopy(formatReport(state))}
        />
      </div>
      <div className="jp-kfp-Head">
        <div className="jp-kfp-Head-line">
          <h2>{trans.__('Doctor')}</h2>
          <span className="jp-kfp-dim" role="status">
            {state.at && `${summarize(state.checks, cause, trans)} · `}
            {state.at ? trans.__('checked %1', format.clock(state.at)) : trans.__('checking…')}
          </span>
        </div>
      </div>
      {cause && (
        <ErrorNotice error={cause} trans={trans} onCopy={onCopy} boxed>
          {state.report?.who && <p>{trans.__('Who can do this: %1.', state.report.who)}</p>}
        </ErrorNotice>
      )}
      <div className="jp-kfp-Scroll">
        {state.checks.length > 0 && <Checks checks={state.checks} trans={trans} />}
        {state.at === '' && <Skeleton trans={trans} />}
      </div>
    </section>
  );
}

function summarize(checks: readonly Check[], cause: ErrorBody | null, trans: TranslationBundle): string {
  const errors = checks.filter(check => check.level === 'error').length || (cause ? 1 : 0);
  const warnings = checks.filter(check => check.level === 'warning').length;
  const parts = [
    errors > 0 ? trans._n('%1 problem', '%1 problems', errors) : '',
    warnings > 0 ? trans._n('%1 warning', '%1 warnings', warnings) : ''
  ].filter(part => part !== '');
  return parts.length > 0 ? parts.join(', ') : trans.__('healthy');
}

/** One row per check; those that were skipped share a row. */
function Checks(props: { readonly checks: readonly Check[]; readonly trans: TranslationBundle }): React.JSX.Element {
  const { checks, trans } = props;
  const made = checks.filter(check => check.level !== 'skipped');
  const skipped = checks.filter(check => check.level === 'skipped');
  return (
    <dl className="jp-kfp-Facts">
      {made.map(check => (
        <div key={check.name} data-level={check.level}>
          <dt>
            <LevelIcon level={check.level} trans={trans} />
            {check.name}
          </dt>
          <dd>{check.evidence}</dd>
        </div>
      ))}
      {skipped.length > 0 && (
        <div data-level="skipped">
          <dt>
            <span className="jp-kfp-Icon jp-kfp-dim">–</span>
            {trans.__('Not checked')}
          </dt>
          <dd className="jp-kfp-dim" title={skipped.map(check => check.evidence).join('\n')}>
            {skipped.map(check => check.name).join(', ')}
          </dd>
        </div>
      )}
    </dl>
  );
}

function LevelIcon(props: { readonly level: string; readonly trans: TranslationBundle }): React.JSX.Element {
  const { level, trans } = props;
  const looks: Record<string, readonly [typeof warningIcon, string]> = {
    ok: [phaseIcons.SUCCEEDED, trans.__('ok')],
    warning: [warningIcon, trans.__('warning')],
    error: [phaseIcons.FAILED, trans.__('problem')]
  };
  const [icon, word] = looks[level] ?? [phaseIcons.UNKNOWN, level];
  return (
    <span className="jp-kfp-Icon" role="img" aria-label={word} title={word}>
      <Icon of={icon} />
    </span>
  );
}

/** Return the server's report as Markdown, else the checks done so far. */
function formatReport({ report: made, error, checks }: IState): string {
  const rows = checks.map(check => `${check.level.padEnd(8)} ${check.name.padEnd(18)} ${check.evidence}`);
  return made ? made.text : [...(error ? [report(error), ''] : []), ...rows].join('\n');
}
