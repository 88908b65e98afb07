import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { bodyOf } from '../../api/errors';
import type { ErrorBody, Experiment, Pipeline } from '../../api/types';
import type { Format } from '../../format';
import { experimentIcon, pipelinesIcon } from '../../icons';
import { Button } from '../Button';
import { EmptyState } from '../EmptyState';
import { ErrorNotice } from '../ErrorNotice';
import { Skeleton } from '../Skeleton';

/** What was asked for, how it stands. */
type Loaded<T> = { readonly items: readonly T[] } | { readonly error: ErrorBody } | null;

/** Load when `version` changes; an answer that comes too late is dropped. */
function useLoaded<T>(load: () => Promise<readonly T[]>, version: string): Loaded<T> {
  const [loaded, setLoaded] = React.useState<Loaded<T>>(null);
  React.useEffect(() => {
    let current = true;
    load().then(
      items => current && setLoaded({ items }),
      (error: unknown) => current && setLoaded({ error: bodyOf(error) })
    );
    return () => {
      current = false;
    };
    // `version` says when what `load` asks for has changed.
  }, [version]);
  return loaded;
}

export interface IListingProps {
  readonly namespace: string;
  /** Another value makes the section ask again. */
  readonly version: string;
  readonly format: Format;
  readonly onCopy: (text: string) => void;
}

export interface IExperimentsProps extends IListingProps {
  readonly load: () => Promise<readonly Experiment[]>;
  readonly onShowRuns: (experiment: Experiment) => void;
  readonly onNew: () => void;
}

/** The experiments of the namespace; a click shows the runs of one. */
export function Experiments(props: IExperimentsProps): React.JSX.Element {
  const { format } = props;
  const { trans } = format;
  const loaded = useLoaded(props.load, props.version);
  const empty = (
    <EmptyState
      title={trans.__('No experiments yet.')}
      text={trans.__('An experiment groups runs that belong together.')}
    >
      <Button label={trans.__('New experiment')} onClick={props.onNew} />
    </EmptyState>
  );
  return (
    <Frame loaded={loaded} trans={trans} onCopy={props.onCopy} empty={empty}>
      {experiment => (
        <Row
          key={experiment.experiment_id}
          className="jp-kfp-ExperimentRow"
          icon={experimentIcon}
          name={experiment.display_name}
          title={experiment.description || experiment.display_name}
          fact={format.moment(experiment.last_run_created_at ?? experiment.created_at, Date.now())}
          onClick={() => props.onShowRuns(experiment)}
        />
      )}
    </Frame>
  );
}

/** A pipeline and the group it is listed in. */
export interface IListedPipeline {
  readonly pipeline: Pipeline;
  readonly shared: boolean;
}

export interface IPipelinesProps extends IListingProps {
  readonly load: () => Promise<readonly IListedPipeline[]>;
  readonly onNewRun: (pipeline: Pipeline) => void;
  readonly onUpload: () => void;
}

/** Private and shared pipelines; a click begins a run of one. */
export function Pipelines(props: IPipelinesProps): React.JSX.Element {
  const { format } = props;
  const { trans } = format;
  const loaded = useLoaded(props.load, props.version);
  const empty = (
    <EmptyState
      title={trans.__('No private pipelines yet.')}
      text={trans.__('Upload a YAML file, or right-click one in the file browser.')}
    >
      <Button label={trans.__('Upload pipeline…')} onClick={props.onUpload} />
    </EmptyState>
  );
  return (
    <Frame loaded={loaded} trans={trans} onCopy={props.onCopy} empty={empty}>
      {({ pipeline, shared }) => (
        <Row
          key={pipeline.pipeline_id}
          className="jp-kfp-PipelineRow"
          icon={pipelinesIcon}
          name={pipeline.display_name || pipeline.name}
          title={pipeline.description || pipeline.display_name}
          badge={shared ? trans.__('Shared') : trans.__('Private')}
          fact={format.moment(pipeline.created_at, Date.now())}
          onClick={() => props.onNewRun(pipeline)}
        />
      )}
    </Frame>
  );
}

function Frame<T>(props: {
  readonly loaded: Loaded<T>;
  readonly trans: TranslationBundle;
  readonly empty: React.JSX.Element;
  readonly onCopy: (text: string) => void;
  readonly children: (item: T) => React.JSX.Element;
}): React.JSX.Element {
  const { loaded, trans } = props;
  if (loaded === null) {
    return <Skeleton trans={trans} />;
  }
  if ('error' in loaded) {
    return <ErrorNotice error={loaded.error} trans={trans} onCopy={props.onCopy} />;
  }
  return loaded.items.length === 0 ? (
    props.empty
  ) : (
    <div className="jp-kfp-Listing" role="list">
      {loaded.items.map(props.children)}
    </div>
  );
}

function Row(props: {
  readonly className: string;
  readonly icon: typeof experimentIcon;
  readonly name: string;
  readonly title: string;
  readonly fact: string;
  readonly badge?: string;
  readonly onClick: () => void;
}): React.JSX.Element {
  return (
    <div role="listitem">
      <button
        type="button"
        className={`jp-kfp-ListingRow ${props.className}`}
        title={props.title}
        onClick={props.onClick}
      >
        <props.icon.react tag={null} />
        <span className="jp-kfp-grow jp-kfp-cut">{props.name}</span>
        {props.badge && <span className="jp-kfp-Badge">{props.badge}</span>}
        <span className="jp-kfp-small jp-kfp-dim jp-kfp-num">{props.fact}</span>
      </button>
    </div>
  );
}
