import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createErrorBody } from '../../src/api/client';
import { SubmitPage, type ISubmitPageProps } from '../../src/components/form/SubmitPage';
import { Format } from '../../src/format';
import { listFields, type Draft } from '../../src/values/draft';
import { EMPTY_FORM, type IFormState } from '../../src/values/form';
import { FakeServer, INSPECTION } from './fakes';

const READY: IFormState = { ...EMPTY_FORM, path: 'train.yaml', inspection: INSPECTION };
const { status } = new FakeServer().manager.connection;

/** The page with what is typed kept, as the model does it. */
function Page(props: Partial<ISubmitPageProps>): React.JSX.Element {
  const state = props.state ?? READY;
  const [draft, setDraft] = React.useState<Draft>(state.draft);
  const onValue = (name: string, text: string | null): void => {
    setDraft(new Map([...draft].filter(([key]) => key !== name).concat(text === null ? [] : [[name, text]])));
  };
  return (
    <SubmitPage
      fields={listFields(state.inspection?.pipeline.parameters ?? [], draft)}
      namespace="team-a"
      connected
      status={status}
      format={new Format(nullTranslator.load('x'))}
      prefix="f"
      onChoose={vi.fn()}
      onPath={vi.fn()}
      onPipeline={vi.fn()}
      onVersion={vi.fn()}
      onFunction={vi.fn()}
      onUpload={vi.fn()}
      onKeepValue={vi.fn()}
      onLuggage={vi.fn()}
      onExperiment={vi.fn()}
      onCreateExperiment={vi.fn()}
      onName={vi.fn()}
      onWhen={vi.fn()}
      onSchedule={vi.fn()}
      onValue={onValue}
      onResetAll={() => setDraft(new Map())}
      onOptions={vi.fn()}
      onCopy={vi.fn()}
      onPreview={vi.fn()}
      onCopyAs={vi.fn()}
      onPresets={vi.fn()}
      onSavePreset={vi.fn()}
      onSubmit={vi.fn()}
      {...props}
      state={{ ...state, draft }}
    />
  );
}

function type(label: RegExp, text: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } });
  act(() => void vi.advanceTimersByTime(400));
}

const runButton = (): HTMLElement => screen.getByRole('button', { name: 'Run' });
const checks = (): string[] => {
  const pane = screen.getByRole('region', { name: 'Checks' });
  return [...pane.querySelectorAll('.jp-kfp-Check')].map(line => line.textContent ?? '');
};

describe('the submit form', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('says what is wrong with a number, beside it, in the checks, and on Run', () => {
    const onSubmit = vi.fn();
    render(<Page onSubmit={onSubmit} />);
    type(/^●?lr/, '0,01');
    const field = screen.getByLabelText(/lr/);
    const described = document.getElementById(field.getAttribute('aria-describedby') ?? '');
    expect([field.getAttribute('aria-invalid'), described?.textContent]).toEqual([
      'true',
      '“0,01” is not a number. Write 0.01.'
    ]);
    expect(checks()[0]).toBe('lr: “0,01” is not a number.Write 0.01.');
    expect(runButton().title).toBe('lr: “0,01” is not a number.');
    fireEvent.click(runButton());
    expect(onSubmit).not.toHaveBeenCalled();
  });

  it('does not call wrong what is being typed', () => {
    render(<Page />);
    fireEvent.change(screen.getByLabelText(/lr/), { target: { value: '0,' } });
    expect(screen.getByLabelText(/lr/).getAttribute('aria-invalid')).toBeNull();
  });

  it('has the worst check first', () => {
    render(<Page />);
    type(/config/, '{"a" 1}');
    expect(checks()).toEqual([
      'config: Line 1, column 6: expected “:”, found “1”.',
      'Image train:latest may change between runs.',
      'You may run in team-a',
      'Pipeline train, 5 tasks',
      '4 parameters are right'
    ]);
  });

  it('has the control that fits the type', () => {
    render(<Page />);
    expect(screen.getByRole('switch', { name: /shuffle/ }).getAttribute('aria-checked')).toBe('true');
    const mode = screen.getByRole('combobox', { name: /mode/ });
    expect(within(mode).getAllByRole('option').map(each => each.textContent)).toEqual(['fast', 'exact']);
    expect((screen.getByLabelText(/config/) as HTMLTextAreaElement).placeholder).toBe('not sent');
  });

  it('marks a changed value and puts it back', () => {
    render(<Page />);
    expect(screen.getByRole('button', { name: 'Reset all' }).getAttribute('aria-disabled')).toBe('true');
    type(/epochs/, '3');
    expect(screen.getByText('changed · default 10')).toBeDefined();
    fireEvent.click(screen.getByRole('button', { name: 'Reset' }));
    expect((screen.getByLabelText(/epochs/) as HTMLInputElement).value).toBe('10');
  });

  it('says what a value was in the run that is cloned', () => {
    const state = { ...READY, clonedFrom: 'train', clonedValues: { epochs: 7 }, draft: new Map([['epochs', '7']]) };
    render(<Page state={state} />);
    expect(screen.queryByText(/was 7/)).toBeNull();
    type(/epochs/, '8');
    expect(screen.getByText('was 7 · changed · default 10')).toBeDefined();
  });

  it('names where it goes and as whom', () => {
    const { container } = render(<Page />);
    expect(container.querySelector('.jp-kfp-Foot')?.textContent).toContain('Runs in team-a as default-editor.');
  });

  it('announces only the lines of the checks that have changed', () => {
    render(<Page />);
    const pane = screen.getByRole('region', { name: 'Checks' });
    const said = (): string => {
      act(() => void vi.advanceTimersByTime(600));
      return within(pane).getByRole('status').textContent ?? '';
    };
    expect(said()).toBe('');
    type(/^●?lr/, '0,01');
    expect(said()).toMatch(/^lr: “0,01” is not a number\. Write 0\.01\./);
    expect(said()).not.toContain('You may run in team-a');
  });

  it('marks what the server does not apply, and a text that names no account', () => {
    const ignored = { service_account: 'The account is not applied here.' };
    const options = { ...READY.options, serviceAccount: 'My Robot' };
    const inspection = { ...INSPECTION, ignored };
    render(<Page state={{ ...READY, inspection, options }} />);
    fireEvent.click(screen.getByRole('button', { name: 'Options' }));
    expect(screen.getAllByText('The account is not applied here.')).toHaveLength(2);
    expect(checks()[0]).toContain('Account: “My Robot” is not the name of a service account.');
    expect(runButton().getAttribute('aria-disabled')).toBe('true');
  });

  it('says that an experiment is new', () => {
    const experiments = [{ display_name: 'Default' }] as unknown as IFormState['experiments'];
    render(<Page state={{ ...READY, experiments, experiment: 'churn' }} />);
    expect(checks()).toContainEqual(expect.stringContaining('Experiment churn is new'));
  });

  it('offers presets where there are some, and says what one did', () => {
    const named = [{ name: 'fast' }] as unknown as IFormState['presets']['named'];
    const presets = { named, used: 'fast', gone: ['depth'], unkept: ['api_key'], error: null };
    const onPresets = vi.fn();
    render(<Page state={{ ...READY, presets }} onPresets={onPresets} />);
    fireEvent.click(screen.getByRole('button', { name: 'Preset fast ▾' }));
    expect(onPresets).toHaveBeenCalledOnce();
    const hint = screen.getByText(/depth is no parameter any more/).textContent;
    expect(hint).toContain('api_key was not kept: it looks like a password or key.');
  });

  it('has no preview of what cannot be sent', () => {
    const onPreview = vi.fn();
    render(<Page onPreview={onPreview} />);
    type(/^●?lr/, 'x');
    fireEvent.click(screen.getByRole('button', { name: 'Preview' }));
    expect(onPreview).not.toHaveBeenCalled();
    type(/^●?lr/, '1');
    fireEvent.click(screen.getByRole('button', { name: 'Preview' }));
    expect(onPreview).toHaveBeenCalledOnce();
  });

  it('has the notice of an unreadable source in place of the parameters', () => {
    const sourceError = createErrorBody({ code: 'not-a-pipeline', message: 'This file is not a compiled pipeline.' });
    render(<Page state={{ ...EMPTY_FORM, path: 'x.yaml', sourceError }} />);
    expect(screen.getByRole('heading', { name: 'This file is not a compiled pipeline.' })).toBeDefined();
    expect(screen.queryByRole('heading', { name: 'Parameters' })).toBeNull();
    expect(runButton().title).toBe('This file is not a compiled pipeline.');
  });

  it('begins with the choice', () => {
    render(<Page state={EMPTY_FORM} />);
    expect(screen.getAllByText('Choose what to run. Parameters appear here.').length).toBeGreaterThan(0);
    expect(runButton().title).toBe('Choose what to run first.');
  });

  it('is off where a person may only look', () => {
    render(<Page status={status && { ...status, can_run: false }} />);
    expect(runButton().title).toBe('You can look but not run in team-a.');
  });

  it('shows the stages, and a failed one with Try again', () => {
    const stages = [
      { id: 'check', state: 'done', seconds: 0.12 },
      { id: 'start', state: 'failed', seconds: null }
    ] as const;
    const submitError = createErrorBody({ code: 'kfp-timeout', message: 'No answer.' });
    const onSubmit = vi.fn();
    render(<Page state={{ ...READY, stages, submitError }} onSubmit={onSubmit} />);
    expect(screen.getByRole('status', { name: 'Progress' }).textContent).toBe('Check 0.1 sStart ');
    expect(screen.getByRole('alert').textContent).toContain('No answer.');
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(onSubmit).toHaveBeenCalled();
  });

  it('offers nothing that would send an unclear request again', () => {
    const submitError = createErrorBody({ code: 'submit-unclear', message: 'Not confirmed yet.' });
    render(<Page state={{ ...READY, busy: true, submitError }} />);
    expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull();
    expect(runButton().getAttribute('aria-disabled')).toBe('true');
  });

  it('says that a cache switch copies the spec of a version', () => {
    const state: IFormState = { ...READY, choice: 'pipeline', options: { ...READY.options, cache: 'off' } };
    render(<Page state={state} />);
    fireEvent.click(screen.getByRole('button', { name: 'Options' }));
    expect(screen.getByText(/The run is not linked to the version/)).toBeDefined();
  });

  it('makes a new experiment in place', () => {
    const onCreateExperiment = vi.fn(() => Promise.resolve(true));
    render(<Page onCreateExperiment={onCreateExperiment} />);
    fireEvent.click(screen.getByRole('button', { name: 'New experiment' }));
    fireEvent.change(screen.getByLabelText('New experiment'), { target: { value: ' nightly ' } });
    fireEvent.click(screen.getByRole('button', { name: 'Create' }));
    expect(onCreateExperiment).toHaveBeenCalledWith('nightly');
  });

  it('has a label on every control', () => {
    const { container } = render(<Page />);
    const controls = container.querySelectorAll<HTMLInputElement>('input, select, textarea, [role=switch]');
    const unnamed = [...controls].filter(control => !control.labels?.length && !control.getAttribute('aria-label'));
    expect([controls.length > 6, unnamed.map(control => control.id)]).toEqual([true, []]);
  });
});
