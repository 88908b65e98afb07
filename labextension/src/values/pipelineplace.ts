/** What is shown of a pipeline. */
export interface IPipelinePlace {
  readonly tab: 'graph' | 'inputs' | 'spec';
  /** The version that is shown; "" for the newest. */
  readonly versionId: string;
  /** The task that is chosen in the graph; "" for none. */
  readonly task: string;
  /** Whether versions are compared: rows have ticks then. */
  readonly isComparing: boolean;
  /** The versions that are ticked, the one first that was ticked first. */
  readonly ticked: readonly string[];
  readonly onlyDifferences: boolean;
}

/** What is shown first. */
export const FIRST_PLACE: IPipelinePlace = {
  tab: 'graph',
  versionId: '',
  task: '',
  isComparing: false,
  ticked: [],
  onlyDifferences: true
};
