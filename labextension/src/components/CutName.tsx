import * as React from 'react';

/** How many characters at the end of a name are always shown: those of a time. */
const TAIL = 8;
/** The longest name that has room everywhere. */
const SHORT = 16;

/**
 * A name that is cut in its middle where it has no room: runs of one pipeline differ at the end.
 *
 * #### Notes
 * A screen reader may make two words of the two parts, so what holds it has the name as a label.
 */
export function CutName({ name }: { readonly name: string }): React.JSX.Element {
  const letters = [...name];
  if (letters.length <= SHORT) {
    return <>{name}</>;
  }
  return (
    <span className="jp-kfp-CutName">
      <span className="jp-kfp-cut">{letters.slice(0, -TAIL).join('')}</span>
      <span>{letters.slice(-TAIL).join('')}</span>
    </span>
  );
}
