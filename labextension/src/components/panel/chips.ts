/** The chips of a filter: what is set besides search and the two that are always there. */
import type { TranslationBundle } from '@jupyterlab/translation';

import { isOnly, NEWEST_FIRST } from '../../filter';
import { describePhase } from '../../phase';
import type { IRunFilter, SortField } from '../../tokens';

/** A part of a filter in words, and what takes it away. */
export interface IChip {
  readonly label: string;
  readonly clear: Partial<IRunFilter>;
}

/** List the parts of a filter that can be taken away one by one. */
export function listChips(filter: IRunFilter, trans: TranslationBundle): readonly IChip[] {
  const { states, experiment, pipeline, recurring, since, archived, sort } = filter;
  const chips: (IChip | false)[] = [
    ...(isOnly('active', filter) || isOnly('failed', filter)
      ? []
      : states.map(state => ({
          label: describePhase(state, trans),
          clear: { states: states.filter(other => other !== state) }
        }))),
    experiment !== null && { label: experiment.display_name, clear: { experiment: null } },
    pipeline !== null && { label: pipeline.display_name, clear: { pipeline: null } },
    recurring !== null && { label: recurring.display_name, clear: { recurring: null } },
    since !== 'any' && {
      label: since === 'today' ? trans.__('Today') : trans.__('Last 7 days'),
      clear: { since: 'any' }
    },
    archived && { label: trans.__('Archived'), clear: { archived: false } },
    (sort.field !== NEWEST_FIRST.field || !sort.descending) && {
      label: trans.__('By %1 %2', describeField(sort.field, trans), sort.descending ? '↓' : '↑'),
      clear: { sort: NEWEST_FIRST }
    }
  ];
  return chips.filter(chip => chip !== false);
}

function describeField(field: SortField, trans: TranslationBundle): string {
  switch (field) {
    case 'created_at':
      return trans.__('start');
    case 'display_name':
      return trans.__('name');
    case 'finished_at':
      return trans.__('end');
  }
}
