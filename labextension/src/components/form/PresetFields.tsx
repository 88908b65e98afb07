import * as React from 'react';

import type { Format } from '../../format';
import type { IFormState } from '../../values/form';
import { Button } from '../Button';
import { ErrorNotice } from '../ErrorNotice';

export interface IPresetProps {
  readonly state: IFormState;
  readonly format: Format;
  readonly onPresets: (x: number, y: number) => void;
  readonly onCopy: (text: string) => void;
}

/** The button that lists the presets of the pipeline; nothing where it has none. */
export function PresetButton({ state, format, onPresets }: IPresetProps): React.JSX.Element | null {
  const { trans } = format;
  if (state.presets.named.length === 0) {
    return null;
  }
  return (
    <Button
      label={state.presets.used ? trans.__('Preset %1 ▾', state.presets.used) : trans.__('Presets ▾')}
      kind="quiet"
      hasPopup
      off={state.busy ? trans.__('It is being sent.') : undefined}
      onClick={event => {
        const { left, bottom } = event.currentTarget.getBoundingClientRect();
        onPresets(left, bottom);
      }}
    />
  );
}

/** What a preset did to the values. */
export function PresetHint({ state, format, onCopy }: IPresetProps): React.JSX.Element {
  const { trans } = format;
  const { used, gone, unkept, error } = state.presets;
  const lines = [
    ...(used === '' ? [trans.__('These are the values of your last run.')] : []),
    ...gone.map(name => trans.__('%1 is no parameter any more; its value was left out.', name)),
    ...unkept.map(name => trans.__('%1 was not kept: it looks like a password or key.', name))
  ];
  return (
    <>
      {error && <ErrorNotice error={error} trans={trans} onCopy={onCopy} boxed mine />}
      {lines.length > 0 && (
        <p className="jp-kfp-Field-hint" role="status">
          {lines.join(' ')}
        </p>
      )}
    </>
  );
}
