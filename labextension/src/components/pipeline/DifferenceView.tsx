import * as React from 'react';

import type { DifferenceRow, TextDifference, VersionDifference } from '../../api/types';
import { NOTHING } from '../../format';
import type { Format } from '../../format';
import { TextDiff } from './TextDiff';

export interface IDifferenceViewProps {
  readonly difference: VersionDifference;
  /** Whether equal lines of the spec are folded. */
  readonly onlyDifferences: boolean;
  readonly format: Format;
  readonly onOnlyDifferences: (on: boolean) => void;
  /** Buttons at the end of the title. */
  readonly children: React.ReactNode;
}

/** Two versions side by side: what differs in inputs and tasks, then code and spec line by line. */
export function DifferenceView(props: IDifferenceViewProps): React.JSX.Element {
  const { difference, onlyDifferences, format } = props;
  const { trans } = format;
  const left = difference.left.display_name || difference.left.name;
  const right = difference.right.display_name || difference.right.name;
  const isEqual = difference.spec.blocks.every(block => block.is_equal);
  return (
    <div className="jp-kfp-Pane">
      <div className="jp-kfp-Pane-title">
        <span className="jp-kfp-cut" title={trans.__('%1 and %2', left, right)}>
          {trans.__('%1 and %2', left, right)}
        </span>
        <label className="jp-kfp-Tick">
          <input
            type="checkbox"
            checked={onlyDifferences}
            onChange={event => props.onOnlyDifferences(event.target.checked)}
          />
          {trans.__('Only differences')}
        </label>
        <span className="jp-kfp-grow" />
        {props.children}
      </div>
      <div className="jp-kfp-Scroll">
        {isEqual && <p className="jp-kfp-Hint">{trans.__('No differences.')}</p>}
        <Rows title={trans.__('Inputs')} rows={difference.inputs} left={left} right={right} format={format} />
        <Rows title={trans.__('Tasks')} rows={difference.tasks} left={left} right={right} format={format} />
        {difference.code.map(code => (
          <Lines key={code.name} title={trans.__('Code of %1', code.name)} {...{ left, right, format }} text={code} />
        ))}
        {(!isEqual || !onlyDifferences) && (
          <Lines
            key={String(onlyDifferences)}
            title={trans.__('Spec')}
            text={onlyDifferences ? difference.spec : unfold(difference.spec)}
            {...{ left, right, format }}
          />
        )}
      </div>
    </div>
  );
}

interface ISides {
  readonly title: string;
  readonly left: string;
  readonly right: string;
  readonly format: Format;
}

function Rows(props: ISides & { readonly rows: readonly DifferenceRow[] }): React.JSX.Element | null {
  const { title, rows, left, right, format } = props;
  const { trans } = format;
  const describe = (text: string, row: DifferenceRow, other: string): string => {
    if (!row.is_whole) {
      return text || NOTHING;
    }
    return other ? NOTHING : [trans.__('only here'), text].filter(part => part !== '').join(', ');
  };
  return rows.length === 0 ? null : (
    <section className="jp-kfp-Differences">
      <h3>{title}</h3>
      <table className="jp-kfp-Table jp-mod-values">
        <thead>
          <tr>
            <th scope="col">{trans.__('What')}</th>
            <th scope="col">{left}</th>
            <th scope="col">{right}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => {
            const isLeft = row.is_whole && row.left !== '';
            const isRight = row.is_whole && row.right !== '';
            return (
              <tr key={`${row.name} ${row.field}`}>
                <th scope="row">{row.field ? trans.__('%1, %2', row.name, row.field) : row.name}</th>
                <td>{describe(row.left, row, isRight ? row.right : '')}</td>
                <td>{describe(row.right, row, isLeft ? row.left : '')}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Lines({ title, text, ...sides }: ISides & { readonly text: TextDifference }): React.JSX.Element {
  return (
    <section className="jp-kfp-Differences">
      <h3>{title}</h3>
      <TextDiff difference={text} {...sides} />
    </section>
  );
}

/** Return a difference whose equal lines are not folded. */
function unfold(text: TextDifference): TextDifference {
  const blocks = text.blocks.flatMap(block =>
    block.is_equal
      ? block.left.map((line, index) => ({
          ...block,
          left_line: block.left_line + index,
          right_line: block.right_line + index,
          left: [line],
          right: [line]
        }))
      : [block]
  );
  return { ...text, blocks };
}
