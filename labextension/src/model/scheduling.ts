import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';

import { toErrorBody, type KfpApi } from '../api/client';
import type { RecurringRunRequest, SubmitRequest } from '../api/types';
import type { IFormState } from '../values/form';
import { createSchedule, readSchedule, type IScheduleDraft } from '../values/schedule';

/** The part of the submit form that makes a recurring run of it: keeps the schedule, and asks what it means. */
export class Scheduling implements IDisposable {
  constructor(
    private readonly _options: {
      readonly api: KfpApi;
      readonly namespace: string;
      readonly patience: number;
      readonly state: () => IFormState;
      readonly set: (part: Partial<IFormState>) => void;
    }
  ) {
    this._look = new Debouncer(() => this._preview(), _options.patience);
  }

  get isDisposed(): boolean {
    return this._look.isDisposed;
  }

  dispose(): void {
    this._look.dispose();
  }

  /** Run on a schedule, or once and now. */
  choose(isOn: boolean): void {
    const { schedule } = this._options.state();
    this._options.set({ schedule: { ...schedule, isOn } });
    if (isOn) {
      void this._preview();
    }
  }

  /** Change the schedule; what it means is asked for shortly after the last change. */
  change(part: Partial<IScheduleDraft>): void {
    const { schedule } = this._options.state();
    this._options.set({ schedule: { ...schedule, draft: { ...schedule.draft, ...part }, preview: null, error: null } });
    // `_preview` reports errors in the state
    this._look.invoke().catch(() => undefined);
  }

  /** Begin with a schedule. */
  begin(draft: IScheduleDraft = createSchedule()): void {
    const { schedule } = this._options.state();
    this._options.set({ schedule: { ...schedule, isOn: true, draft } });
    void this._preview();
  }

  /** Return the request for a recurring run; null while the schedule has a problem. */
  wrap(run: SubmitRequest): RecurringRunRequest | null {
    const read = readSchedule(this._options.state().schedule.draft);
    return 'schedule' in read ? { run, schedule: read.schedule } : null;
  }

  private async _preview(): Promise<void> {
    const { api, namespace, state, set } = this._options;
    const turn = ++this._turn;
    const read = readSchedule(state().schedule.draft);
    if ('problem' in read) {
      set({ schedule: { ...state().schedule, preview: null, error: null } });
      return;
    }
    try {
      const preview = await api.previewSchedule(namespace, read.schedule);
      if (turn === this._turn) {
        set({ schedule: { ...state().schedule, preview, error: null } });
      }
    } catch (error) {
      if (turn === this._turn) {
        set({ schedule: { ...state().schedule, preview: null, error: toErrorBody(error) } });
      }
    }
  }

  private readonly _look: Debouncer;
  private _turn = 0;
}
