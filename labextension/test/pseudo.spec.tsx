import { render } from '@testing-library/react';
import { nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { describe, expect, it, vi } from 'vitest';

import { PreviewTabs } from '../src/components/form/PreviewTabs';
import { SubmitPage } from '../src/components/form/SubmitPage';
import { Format } from '../src/format';
import { listFields } from '../src/values/draft';
import { EMPTY_FORM } from '../src/values/form';
import { INSPECTION, FakeServer } from './form/fakes';

/** A language of which every word of ours is recognized: “⟦Rün⟧”. */
const mark = (text: string): string => `⟦${text}⟧`;
const trans = markAll(nullTranslator.load('x'));
const format = new Format(trans, { locale: 'en-GB', timeZone: () => 'UTC' });

/** Return a translator to that language. */
function markAll(trans: TranslationBundle): TranslationBundle {
  return Object.create(trans, {
    __: { value: (...args: unknown[]) => mark(Reflect.apply(trans.__, trans, args) as string) },
    _n: { value: (...args: unknown[]) => mark(Reflect.apply(trans._n, trans, args) as string) }
  }) as TranslationBundle;
}

/** What is data and not words: names, values, and texts of the server. */
const DATA = /^(?:[\s\d.,●▾✕:·]*|train.*|Default|epochs|lr|mode|shuffle|config|fast|exact|default-editor|team-a|.*train:latest.*|\{.*|“?Trains the churn model\.”?)$/;

/** The texts that a person sees or hears and that are in no language but English. */
function listFixed(container: HTMLElement): string[] {
  const found: string[] = [];
  const walk = document.createTreeWalker(container, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    found.push(node.textContent ?? '');
  }
  for (const element of container.querySelectorAll('[aria-label], [title], [placeholder]')) {
    found.push(...['aria-label', 'title', 'placeholder'].map(name => element.getAttribute(name) ?? ''));
  }
  // “Runs in team-a” is drawn in parts, each of which has one bracket.
  return found.filter(text => !/[⟦⟧]/.test(text) && !DATA.test(text.trim()));
}

const nothing = vi.fn();

describe('in a language of which every word is marked', () => {
  it.each([
    ['empty', EMPTY_FORM],
    ['filled', { ...EMPTY_FORM, path: 'train.yaml', inspection: INSPECTION }],
    [
      'presets',
      {
        ...EMPTY_FORM,
        path: 'train.yaml',
        inspection: INSPECTION,
        presets: { named: [], used: '', gone: ['lr'], unkept: ['lr'], error: null }
      }
    ]
  ])('the form, %s, has no fixed English', (_, state) => {
    const { container } = render(
      <SubmitPage
        state={state}
        fields={listFields(state.inspection?.pipeline.parameters ?? [], new Map([['lr', '0,1']]))}
        namespace="team-a"
        connected
        status={new FakeServer().manager.connection.status}
        format={format}
        prefix="f"
        onChoose={nothing}
        onPath={nothing}
        onPipeline={nothing}
        onVersion={nothing}
        onFunction={nothing}
        onUpload={nothing}
        onKeepValue={nothing}
        onLuggage={nothing}
        onExperiment={nothing}
        onCreateExperiment={nothing}
        onName={nothing}
        onWhen={nothing}
        onSchedule={nothing}
        onValue={nothing}
        onResetAll={nothing}
        onOptions={nothing}
        onCopy={nothing}
        onPreview={nothing}
        onCopyAs={nothing}
        onPresets={nothing}
        onSavePreset={nothing}
        onSubmit={nothing}
      />
    );
    expect(listFixed(container)).toEqual([]);
  });

  it('the preview has no fixed English', () => {
    const preview = { body: '{}', curl: '', python: '', line: '', notes: [] };
    const { container } = render(<PreviewTabs preview={preview} prefix="p" trans={trans} onCopy={nothing} />);
    expect(listFixed(container)).toEqual([]);
  });
});
