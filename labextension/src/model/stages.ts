import type { IStage } from '../values/form';

/** The stages of one submit and their times. */
export class Stages {
  constructor(
    ids: readonly IStage['id'][],
    private readonly _show: (stages: readonly IStage[]) => void
  ) {
    this._stages = ids.map(id => ({ id, state: 'waiting', seconds: null }));
  }

  begin(id: IStage['id']): void {
    this._began = performance.now();
    this._put(id, 'active', null);
  }

  end(id: IStage['id']): void {
    this._put(id, 'done', (performance.now() - this._began) / 1000);
  }

  unclear(id: IStage['id']): void {
    this._put(id, 'unclear', null);
  }

  fail(id: IStage['id']): void {
    this._put(id, 'failed', null);
  }

  private _put(id: IStage['id'], state: IStage['state'], seconds: number | null): void {
    this._stages = this._stages.map(stage => (stage.id === id ? { id, state, seconds } : stage));
    this._show(this._stages);
  }

  private _stages: readonly IStage[];
  private _began = 0;
}
