import { InputDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { KfpApi } from '../api/client';
import type { FilterSubject } from '../commands';
import type { IRunFilter, IRunManager } from '../tokens';

/** The newest of a kind: a longer list is searched in its section. */
const PAGE = { page_size: 200 } as const;

/** One choice: its name, and the filter that it stands for. */
interface IChoice {
  readonly name: string;
  readonly filter: Partial<IRunFilter>;
}

/** Ask for an experiment, a pipeline or a recurring run; null if the dialog was closed. */
export async function chooseFilter(
  subject: FilterSubject,
  { api, connection, list }: IRunManager,
  trans: TranslationBundle
): Promise<Partial<IRunFilter> | null> {
  const words = {
    experiment: { title: trans.__('Show the runs of an experiment'), all: trans.__('All experiments') },
    pipeline: { title: trans.__('Show the runs of a pipeline'), all: trans.__('All pipelines') },
    recurring: { title: trans.__('Show the runs of a recurring run'), all: trans.__('All recurring runs') }
  }[subject];
  const choices = [
    { name: words.all, filter: { [subject]: null } },
    ...(await CHOICES[subject](api, connection.namespace))
  ];
  const names = nameApart(choices.map(({ name }) => name));
  const { value } = await InputDialog.getItem({
    title: words.title,
    items: names,
    current: Math.max(0, choices.findIndex(({ filter }) => isSame(filter[subject], list.filter[subject]))),
    okLabel: trans.__('Show'),
    cancelLabel: trans.__('Cancel')
  });
  return value === null ? null : (choices[names.indexOf(value)]?.filter ?? null);
}

const CHOICES: Readonly<Record<FilterSubject, (api: KfpApi, namespace: string) => Promise<readonly IChoice[]>>> = {
  experiment: async (api, namespace) => {
    const { experiments } = await api.listExperiments(namespace, PAGE);
    return experiments.map(({ experiment_id, display_name }) => ({
      name: display_name,
      filter: { experiment: { experiment_id, display_name } }
    }));
  },
  pipeline: async (api, namespace) => {
    const pages = await Promise.all([
      api.listPipelines(namespace, PAGE),
      api.listPipelines(namespace, { ...PAGE, shared: true })
    ]);
    return pages
      .flatMap(page => page.pipelines)
      .map(({ pipeline_id, display_name }) => ({ name: display_name, filter: { pipeline: { pipeline_id, display_name } } }));
  },
  recurring: async (api, namespace) => {
    const { recurringRuns } = await api.listRecurringRuns(namespace, PAGE);
    return recurringRuns.map(({ recurring_run_id, display_name }) => ({
      name: display_name,
      filter: { recurring: { recurring_run_id, display_name } }
    }));
  }
};

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Number names that occur again, so that each stands for one thing. */
function nameApart(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map(name => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}
