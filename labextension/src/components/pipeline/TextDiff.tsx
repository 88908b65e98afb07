import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { LineBlock, TextDifference } from '../../api/types';
import type { Format } from '../../format';
import { findWords, type IPiece } from '../../diff';
import { Icon } from '../Icon';

/** Equal lines that stay in view beside those that differ. */
const CONTEXT = 2;

export interface ITextDiffProps {
  readonly difference: TextDifference;
  /** The names of the two sides. */
  readonly left: string;
  readonly right: string;
  readonly format: Format;
}

/** Two texts side by side; equal lines are folded to one row that says how many they are. */
export function TextDiff({ difference, left, right, format }: ITextDiffProps): React.JSX.Element {
  return (
    <div className="jp-kfp-Diff" role="table" aria-label={format.trans.__('%1, %2 and %3', difference.name, left, right)}>
      <div role="row" className="jp-kfp-Diff-row jp-mod-head">
        <span role="columnheader">{left}</span>
        <span role="columnheader">{right}</span>
      </div>
      {difference.blocks.map((block, index) => {
        const place = { isFirst: index === 0, isLast: index === difference.blocks.length - 1 };
        return block.is_equal ? (
          <EqualLines key={index} block={block} {...place} format={format} />
        ) : (
          <ChangedLines key={index} block={block} />
        );
      })}
    </div>
  );
}

interface IEqualLinesProps {
  readonly block: LineBlock;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly format: Format;
}

function EqualLines({ block, isFirst, isLast, format }: IEqualLinesProps): React.JSX.Element {
  const [open, setOpen] = React.useState(false);
  const { trans } = format;
  const lines = block.left;
  const head = isFirst ? 0 : CONTEXT;
  const tail = isLast ? 0 : CONTEXT;
  const hidden = lines.length - head - tail;
  const draw = (from: number, to: number): React.JSX.Element[] =>
    lines.slice(from, to).map((line, index) => {
      const at = from + index;
      return (
        <Row
          key={at}
          left={{ number: block.left_line + at, pieces: [{ text: line, isChanged: false }] }}
          right={{ number: block.right_line + at, pieces: [{ text: line, isChanged: false }] }}
        />
      );
    });
  if (hidden < 2) {
    return <>{draw(0, lines.length)}</>;
  }
  return (
    <>
      {draw(0, head)}
      <div role="row" className="jp-kfp-Diff-row jp-mod-fold">
        <span role="cell">
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
            <Icon of={open ? caretDownIcon : caretRightIcon} />
            {trans._n('%1 equal line', '%1 equal lines', hidden)}
          </button>
        </span>
      </div>
      {open && draw(head, lines.length - tail)}
      {draw(lines.length - tail, lines.length)}
    </>
  );
}

function ChangedLines({ block }: { readonly block: LineBlock }): React.JSX.Element {
  const count = Math.max(block.left.length, block.right.length);
  return (
    <>
      {Array.from({ length: count }, (_, index) => {
        const [before, after] = [block.left[index], block.right[index]];
        const words = before !== undefined && after !== undefined ? findWords(before, after) : null;
        return (
          <Row
            key={index}
            isChanged
            left={side(block.left_line + index, before, words?.left)}
            right={side(block.right_line + index, after, words?.right)}
          />
        );
      })}
    </>
  );
}

interface ISide {
  readonly number: number;
  readonly pieces: readonly IPiece[];
}

function side(number: number, line: string | undefined, pieces: readonly IPiece[] | undefined): ISide | null {
  return line === undefined ? null : { number, pieces: pieces ?? [{ text: line, isChanged: false }] };
}

interface IRowProps {
  readonly left: ISide | null;
  readonly right: ISide | null;
  readonly isChanged?: boolean;
}

function Row({ left, right, isChanged }: IRowProps): React.JSX.Element {
  return (
    <div role="row" className="jp-kfp-Diff-row">
      <Cell at={left} kind={isChanged ? 'jp-mod-old' : ''} sign="−" />
      <Cell at={right} kind={isChanged ? 'jp-mod-new' : ''} sign="+" />
    </div>
  );
}

function Cell(props: { readonly at: ISide | null; readonly kind: string; readonly sign: string }): React.JSX.Element {
  const { at, kind, sign } = props;
  if (at === null) {
    return <span role="cell" className="jp-kfp-Diff-cell jp-mod-gone" />;
  }
  return (
    <span role="cell" className={`jp-kfp-Diff-cell ${kind}`.trim()}>
      <span className="jp-kfp-num">{at.number}</span>
      <span>{kind ? sign : ''}</span>
      <span>
        {at.pieces.map(({ text, isChanged }, index) =>
          isChanged ? <mark key={index}>{text}</mark> : <React.Fragment key={index}>{text}</React.Fragment>
        )}
      </span>
    </span>
  );
}
