import { experimentsSection } from './experiments';
import { pipelinesSection } from './pipelines';
import { recurringSection } from './recurring';
import { runsSection } from './runs';
import type { IPanelSection } from './section';

/** The sections of our own; each file has a section and its place among the others. */
export const SECTIONS: readonly IPanelSection[] = [
  runsSection,
  experimentsSection,
  pipelinesSection,
  recurringSection
];
