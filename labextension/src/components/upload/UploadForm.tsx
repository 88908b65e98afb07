import * as React from 'react';

import type { ErrorBody, Inspection } from '../../api/types';
import type { Format } from '../../format';
import { Button } from '../Button';
import { ErrorNotice } from '../ErrorNotice';
import { FieldRow } from '../form/Field';

type Place = 'disk' | 'files' | 'address';

/** The fields of the dialog. */
export interface IUploadFields {
  readonly place: Place;
  readonly file: string;
  readonly path: string;
  readonly address: string;
  readonly reading: boolean;
  readonly inspection: Inspection | null;
  readonly error: ErrorBody | null;
  readonly fn: string;
  readonly name: string;
  readonly version: string;
  readonly shared: boolean;
}

export interface IUploadFormProps {
  readonly state: IUploadFields;
  /** Whether there is something to upload. */
  readonly ready: boolean;
  readonly namespace: string;
  /** Whether KFP has namespaces, so that a pipeline can be private. */
  readonly multiUser: boolean;
  readonly format: Format;
  readonly prefix: string;
  readonly onChoose: (place: Place) => void;
  readonly onFile: (file: File) => void;
  readonly onPath: (path: string) => void;
  readonly onBrowse?: () => void;
  readonly onAddress: (address: string) => void;
  readonly onFill: (input: Partial<Pick<IUploadFields, 'fn' | 'name' | 'version' | 'shared'>>) => void;
  readonly onCopy: (text: string) => void;
}

/** What to upload, how it is called, and who may see it. JupyterLab's dialog has the buttons. */
export function UploadForm(props: IUploadFormProps): React.JSX.Element {
  const { state, format, ready } = props;
  const { trans } = format;
  const root = React.useRef<HTMLDivElement>(null);
  // The dialog looks for the class after an input, and turns its button off.
  React.useEffect(() => {
    root.current?.dispatchEvent(new Event('input', { bubbles: true }));
  }, [ready]);
  return (
    <div ref={root} className={`jp-kfp-Upload ${ready ? '' : 'jp-mod-error'}`.trim()}>
      <Places {...props} />
      {state.place === 'disk' && <DiskField {...props} />}
      {state.place === 'files' && <PathField {...props} />}
      {state.place === 'address' && <AddressField {...props} />}
      <Outcome {...props} />
      {state.error && <ErrorNotice error={state.error} trans={trans} onCopy={props.onCopy} boxed bare />}
      <Names {...props} />
      {props.multiUser && <Sharing {...props} />}
    </div>
  );
}

function Places({ state, format, prefix, onChoose }: IUploadFormProps): React.JSX.Element {
  const { trans } = format;
  const places: readonly (readonly [Place, string])[] = [
    ['disk', trans.__('Your computer')],
    ['files', trans.__('File browser')],
    ['address', trans.__('Address')]
  ];
  return (
    <FieldRow label={trans.__('From')}>
      <div className="jp-kfp-Radios" role="radiogroup" aria-label={trans.__('From')}>
        {places.map(([place, label]) => (
          <label key={place}>
            <input
              type="radio"
              name={`${prefix}-place`}
              checked={state.place === place}
              onChange={() => onChoose(place)}
            />
            {label}
          </label>
        ))}
      </div>
    </FieldRow>
  );
}

function DiskField({ format, prefix, onFile }: IUploadFormProps): React.JSX.Element {
  const { trans } = format;
  const id = `${prefix}-file`;
  return (
    <FieldRow label={trans.__('File')} control={id}>
      <input
        id={id}
        className="jp-kfp-File"
        type="file"
        accept=".yaml,.yml,.json,.zip,.gz,.tgz"
        onChange={event => {
          const file = event.target.files?.[0];
          if (file) {
            onFile(file);
          }
        }}
      />
    </FieldRow>
  );
}

function PathField({ state, format, prefix, onPath, onBrowse }: IUploadFormProps): React.JSX.Element {
  const { trans } = format;
  const id = `${prefix}-path`;
  return (
    <FieldRow
      label={trans.__('File')}
      control={id}
      hint={onBrowse && <Button label={trans.__('Browse…')} onClick={onBrowse} />}
    >
      <input
        id={id}
        className="jp-kfp-Input"
        type="text"
        autoComplete="off"
        spellCheck={false}
        placeholder={trans.__('pipeline.yaml')}
        value={state.path}
        onChange={event => onPath(event.target.value)}
      />
    </FieldRow>
  );
}

function AddressField({ state, format, prefix, onAddress }: IUploadFormProps): React.JSX.Element {
  const { trans } = format;
  const id = `${prefix}-address`;
  return (
    <FieldRow label={trans.__('Address')} control={id}>
      <input
        id={id}
        className="jp-kfp-Input"
        type="text"
        inputMode="url"
        autoComplete="off"
        spellCheck={false}
        placeholder={trans.__('https://…')}
        value={state.address}
        onChange={event => onAddress(event.target.value)}
      />
    </FieldRow>
  );
}

/** What was found in the file, or which files can be read. */
function Outcome({ state, format, prefix, onFill }: IUploadFormProps): React.JSX.Element {
  const { trans } = format;
  const { inspection, reading, place } = state;
  const functions = inspection?.functions ?? [];
  const forms = trans.__('YAML, JSON, zip or tar.gz, at most 32 MiB.');
  const words = reading
    ? trans.__('The file is being read…')
    : inspection
      ? trans._n('Pipeline %2, %1 task', 'Pipeline %2, %1 tasks', inspection.pipeline.tasks, inspection.pipeline.name)
      : place === 'address'
        ? trans.__('Public https addresses; nothing of yours is sent there. %1', forms)
        : forms;
  return (
    <>
      {functions.length > 1 && (
        <FieldRow label={trans.__('Function')} control={`${prefix}-function`}>
          <select
            id={`${prefix}-function`}
            className="jp-kfp-Select"
            value={inspection?.function ?? state.fn}
            onChange={event => onFill({ fn: event.target.value })}
          >
            {functions.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </FieldRow>
      )}
      <FieldRow label="">
        <span className="jp-kfp-Field-hint jp-mod-wide" role="status">
          {state.error ? '' : words}
        </span>
      </FieldRow>
    </>
  );
}

function Names({ state, format, prefix, onFill }: IUploadFormProps): React.JSX.Element {
  const { trans } = format;
  const line = (key: 'name' | 'version', label: string, placeholder: string): React.JSX.Element => (
    <FieldRow label={label} control={`${prefix}-${key}`}>
      <input
        id={`${prefix}-${key}`}
        className="jp-kfp-Input"
        type="text"
        autoComplete="off"
        maxLength={127}
        placeholder={placeholder}
        value={state[key]}
        onChange={event => onFill({ [key]: event.target.value })}
      />
    </FieldRow>
  );
  return (
    <>
      {line('name', trans.__('Name'), state.inspection?.pipeline.name ?? trans.__('the name in the file'))}
      {line('version', trans.__('Version'), trans.__('made from the time'))}
    </>
  );
}

/** “Private: only team-a sees it.” Sharing is asked about once more. */
function Sharing({ state, namespace, format, prefix, onFill }: IUploadFormProps): React.JSX.Element {
  const { trans } = format;
  const choices: readonly (readonly [boolean, string])[] = [
    [false, trans.__('Private: %1 only', namespace)],
    [true, trans.__('Shared: everyone on this KFP…')]
  ];
  return (
    <FieldRow label={trans.__('Who can read it')}>
      <div className="jp-kfp-Radios" role="radiogroup" aria-label={trans.__('Who can read it')}>
        {choices.map(([shared, label]) => (
          <label key={label}>
            <input
              type="radio"
              name={`${prefix}-shared`}
              checked={state.shared === shared}
              onChange={() => onFill({ shared })}
            />
            {label}
          </label>
        ))}
      </div>
    </FieldRow>
  );
}
