import { aboutTab } from './AboutTab';
import { artifactsTab } from './ArtifactsTab';
import { graphTab } from './GraphTab';
import { parametersTab } from './ParametersTab';
import { specTab } from './SpecTab';
import type { IRunTab } from './tab';
import { tasksTab } from './TasksTab';

/** The tabs of our own; each file has a tab and its place among the others. */
export const RUN_TABS: readonly IRunTab[] = [tasksTab, graphTab, parametersTab, artifactsTab, specTab, aboutTab];
