import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Status } from '../../api/types';
import type { Format } from '../../format';
import { isNotebook, type IFormState, type ILuggage, type IRunOptions } from '../../values/form';
import { FieldRow } from './Field';
import { Icon } from '../Icon';
import { LuggageFields } from './LuggageFields';

export interface IOptionsGroupProps {
  readonly state: IFormState;
  readonly format: Format;
  readonly prefix: string;
  readonly status: Status | null;
  readonly onChange: (options: Partial<IRunOptions>) => void;
  readonly onLuggage: (part: Partial<ILuggage>) => void;
  readonly onAddFiles?: () => void;
}

/** Cache, description, pipeline root and service account; folded, what they are is said in a line. */
export function OptionsGroup(props: IOptionsGroupProps): React.JSX.Element {
  const { state, format, prefix } = props;
  const { trans } = format;
  const [pressed, setOpen] = React.useState<boolean | null>(null);
  const open = pressed ?? isNotebook(state); // files, packages and image matter there
  const twisty = open ? caretDownIcon : caretRightIcon;
  return (
    <>
      <div className="jp-kfp-Form-group">
        <h3>
          <button
            type="button"
            className="jp-kfp-Form-fold"
            aria-expanded={open}
            aria-controls={`${prefix}-options`}
            onClick={() => setOpen(!open)}
          >
            <Icon of={twisty} />
            {trans.__('Options')}
          </button>
        </h3>
        {!open && <span className="jp-kfp-Field-hint jp-kfp-cut">{summary(state.options, format)}</span>}
      </div>
      <div id={`${prefix}-options`} className="jp-kfp-Form-options" hidden={!open}>
        {open && <Options {...props} />}
      </div>
    </>
  );
}

/** What the server calls the options that it may not apply. */
const FIELDS = { pipelineRoot: 'pipeline_root', serviceAccount: 'service_account' } as const;

function Options(props: IOptionsGroupProps): React.JSX.Element {
  const { state, format, prefix, onChange } = props;
  const { trans } = format;
  const { options, busy } = state;
  const copies = state.choice === 'pipeline' && options.cache !== 'compiled';
  const caches: readonly (readonly [IRunOptions['cache'], string])[] = [
    ['compiled', trans.__('As compiled')],
    ['on', trans.__('On')],
    ['off', trans.__('Off')]
  ];
  const line = (key: 'pipelineRoot' | 'serviceAccount', label: string): React.JSX.Element => (
    <FieldRow label={label} control={`${prefix}-${key}`} hint={state.inspection?.ignored[FIELDS[key]]}>
      <input
        id={`${prefix}-${key}`}
        className="jp-kfp-Input"
        type="text"
        spellCheck={false}
        autoComplete="off"
        placeholder={trans.__('default')}
        value={options[key]}
        readOnly={busy}
        onChange={event => onChange({ [key]: event.target.value })}
      />
    </FieldRow>
  );
  return (
    <>
      <FieldRow label={trans.__('Cache')}>
        <div className="jp-kfp-Radios" role="radiogroup" aria-label={trans.__('Cache')}>
          {caches.map(([cache, label]) => (
            <label key={cache}>
              <input
                type="radio"
                name={`${prefix}-cache`}
                checked={options.cache === cache}
                disabled={busy}
                onChange={() => onChange({ cache })}
              />
              {label}
            </label>
          ))}
        </div>
      </FieldRow>
      {copies && (
        <FieldRow label="">
          <span className="jp-kfp-Field-hint jp-mod-wide">
            {trans.__('Sends a copy of the spec. The run is not linked to the version.')}
          </span>
        </FieldRow>
      )}
      {isNotebook(state) && <LuggageFields {...props} />}
      <FieldRow label={trans.__('Description')} control={`${prefix}-description`}>
        <textarea
          id={`${prefix}-description`}
          className="jp-kfp-Input jp-kfp-Text"
          rows={Math.min(6, options.description.split('\n').length)}
          value={options.description}
          readOnly={busy}
          onChange={event => onChange({ description: event.target.value })}
        />
      </FieldRow>
      {line('pipelineRoot', trans.__('Pipeline root'))}
      {line('serviceAccount', trans.__('Account'))}
    </>
  );
}

function summary(options: IRunOptions, { trans }: Format): string {
  const caches = {
    compiled: trans.__('cache as compiled'),
    on: trans.__('cache on'),
    off: trans.__('cache off')
  };
  return [
    caches[options.cache],
    options.description ? trans.__('with description') : trans.__('no description'),
    options.pipelineRoot ? trans.__('root %1', options.pipelineRoot) : trans.__('root default'),
    options.serviceAccount ? trans.__('account %1', options.serviceAccount) : trans.__('account default')
  ].join(' · ');
}
