import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** A placeholder while loading: nothing for 300 ms, then three grey rows, after 5 s a sentence. */
export function Skeleton(props: { readonly trans: TranslationBundle }): React.JSX.Element {
  const [stage, setStage] = React.useState(0);
  React.useEffect(() => {
    const timers = [setTimeout(() => setStage(1), 300), setTimeout(() => setStage(2), 5000)];
    return () => timers.forEach(clearTimeout);
  }, []);
  return (
    <div className="jp-kfp-Skeleton" aria-busy>
      {stage > 0 && [1, 2, 3].map(row => <div key={row} className="jp-kfp-Skeleton-row" />)}
      {stage > 1 && (
        <p className="jp-kfp-dim" role="status">
          {props.trans.__('Still loading. KFP is slow to answer.')}
        </p>
      )}
    </div>
  );
}
