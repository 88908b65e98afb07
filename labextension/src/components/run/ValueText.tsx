import * as React from 'react';

import type { Format } from '../../format';
import { Button } from '../Button';

/** The most characters of a value that is shown unfolded. */
const LONGEST = 200;

/** A value of a parameter; a long one is shown in full on demand. */
export function ValueText({ value, format }: { readonly value: unknown; readonly format: Format }): React.JSX.Element {
  const { trans } = format;
  const [open, setOpen] = React.useState(false);
  const text = React.useMemo(() => toText(value), [value]);
  if (value === null || value === undefined) {
    return <span className="jp-kfp-dim">{trans.__('not set')}</span>;
  }
  if (text.length <= LONGEST) {
    return <span className="jp-kfp-mono jp-kfp-Value">{text}</span>;
  }
  const size = format.size(new Blob([text]).size);
  return (
    <span className="jp-kfp-mono jp-kfp-Value">
      {open ? text : `${text.slice(0, LONGEST)}…`}{' '}
      <Button
        label={open ? trans.__('Show less') : trans.__('Show all (%1)', size)}
        kind="quiet"
        onClick={() => setOpen(!open)}
      />
    </span>
  );
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
