import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Status } from '../../api/types';
import type { Format } from '../../format';
import type { IFormState, ILuggage } from '../../values/form';
import { Button } from '../Button';
import { FieldRow } from './Field';

export interface ILuggageFieldsProps {
  readonly state: IFormState;
  readonly format: Format;
  readonly prefix: string;
  readonly status: Status | null;
  readonly onLuggage: (part: Partial<ILuggage>) => void;
  /** Choose files in a dialog; absent where the page has none. */
  readonly onAddFiles?: () => void;
}

/** The most that files may have in all, in bytes: they travel within the spec. */
export const MOST = 512 * 1024;

/** What goes along with a notebook or a cell: image, packages and files. */
export function LuggageFields(props: ILuggageFieldsProps): React.JSX.Element {
  return (
    <>
      <Image {...props} />
      <Packages {...props} />
      <Files {...props} />
    </>
  );
}

function Image({ state, format, prefix, status, onLuggage }: ILuggageFieldsProps): React.JSX.Element {
  const { trans } = format;
  const image = state.luggage.image ? undefined : state.inspection?.image;
  const hint = status?.embedded ? trans.__('not used on this machine') : image;
  return (
    <FieldRow label={trans.__('Image')} control={`${prefix}-image`} hint={hint}>
      <input
        id={`${prefix}-image`}
        className="jp-kfp-Input"
        type="text"
        autoComplete="off"
        spellCheck={false}
        placeholder={trans.__('Same as this notebook')}
        value={state.luggage.image}
        readOnly={state.busy}
        onChange={event => onLuggage({ image: event.target.value })}
      />
    </FieldRow>
  );
}

/** Requirements as chips; Enter adds what is typed. */
function Packages({ state, format, prefix, onLuggage }: ILuggageFieldsProps): React.JSX.Element {
  const { trans } = format;
  const [text, setText] = React.useState('');
  const { packages } = state.luggage;
  const proposed = (state.inspection?.imports ?? [])
    .filter(({ requirement, is_listed }) => requirement !== '' && !is_listed && !packages.includes(requirement))
    .map(({ requirement }) => requirement);
  const add = (names: readonly string[]): void => {
    onLuggage({ packages: [...new Set([...packages, ...names.filter(name => name !== '')])] });
    setText('');
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey && text.trim() !== '') {
      event.preventDefault();
      add(text.split(/[\s;]+/));
    } else if (event.key === 'Backspace' && text === '') {
      onLuggage({ packages: packages.slice(0, -1) });
    }
  };
  return (
    <FieldRow label={trans.__('Packages')} control={`${prefix}-packages`}>
      <div className="jp-kfp-Packages">
        {packages.map(name => (
          <span key={name} className="jp-kfp-Package">
            {name}
            <Button
              label={trans.__('Remove %1', name)}
              kind="icon"
              icon={closeIcon}
              off={state.busy ? trans.__('It is being sent.') : undefined}
              onClick={() => onLuggage({ packages: packages.filter(each => each !== name) })}
            />
          </span>
        ))}
        <input
          id={`${prefix}-packages`}
          className="jp-kfp-Input"
          type="text"
          autoComplete="off"
          spellCheck={false}
          placeholder={trans.__('Add a package')}
          value={text}
          readOnly={state.busy}
          onChange={event => setText(event.target.value)}
          onKeyDown={onKeyDown}
          onBlur={() => text.trim() !== '' && add(text.split(/[\s;]+/))}
        />
        {proposed.map(name => (
          <Button
            key={name}
            label={name}
            icon={addIcon}
            kind="quiet"
            title={trans.__('It is imported. Install %1 in the task.', name)}
            onClick={() => add([name])}
          />
        ))}
      </div>
    </FieldRow>
  );
}

function Files({ state, format, onLuggage, onAddFiles }: ILuggageFieldsProps): React.JSX.Element {
  const { trans } = format;
  const { files } = state.luggage;
  const sizes = new Map(state.inspection?.files.map(({ path, size }) => [path, size]));
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const proposed = (state.inspection?.imports ?? [])
    .filter(({ file, is_listed }) => file !== '' && !is_listed && !files.includes(file))
    .map(({ file }) => file);
  const add = onAddFiles && <Button label={trans.__('Add…')} onClick={onAddFiles} />;
  return (
    <>
      <FieldRow label={trans.__('Files to send')} hint={add}>
        {files.length === 0 ? (
          <span className="jp-kfp-dim">{trans.__('none')}</span>
        ) : (
          <ul className="jp-kfp-Files">
            {files.map(path => (
              <li key={path}>
                <span className="jp-kfp-grow jp-kfp-cut" title={path}>
                  {path}
                </span>
                <span className="jp-kfp-dim jp-kfp-num">{sizes.has(path) && format.size(sizes.get(path) ?? 0)}</span>
                <Button
                  label={trans.__('Do not send %1', path)}
                  kind="icon"
                  icon={closeIcon}
                  off={state.busy ? trans.__('It is being sent.') : undefined}
                  onClick={() => onLuggage({ files: files.filter(each => each !== path) })}
                />
              </li>
            ))}
          </ul>
        )}
      </FieldRow>
      {(sizes.size > 0 || proposed.length > 0) && (
        <FieldRow label="">
          <span className="jp-kfp-Field-hint jp-mod-wide">
            {sizes.size > 0 &&
              trans.__('%1 of %2. Files land beside the notebook.', format.size(total), format.size(MOST))}
            {proposed.map(path => (
              <Button
                key={path}
                label={path}
                icon={addIcon}
                kind="quiet"
                title={trans.__('It is imported. Send %1 along.', path)}
                onClick={() => onLuggage({ files: [...files, path] })}
              />
            ))}
          </span>
        </FieldRow>
      )}
    </>
  );
}
