import * as React from 'react';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Preview } from '../../api/types';
import { Button } from '../Button';
import { getPanelProps, Tabs } from '../Tabs';

export interface IPreviewTabsProps {
  readonly preview: Preview;
  readonly prefix: string;
  readonly trans: TranslationBundle;
  readonly onCopy: (text: string) => void;
}

type Form = 'body' | 'curl' | 'python' | 'line';

/** What would be sent, in four forms. */
export function PreviewTabs({ preview, prefix, trans, onCopy }: IPreviewTabsProps): React.JSX.Element {
  const [form, setForm] = React.useState<Form>('body');
  const text = preview[form];
  return (
    <div className="jp-kfp jp-kfp-Preview">
      <Tabs
        tabs={[
          { id: 'body', label: trans.__('JSON') },
          { id: 'curl', label: trans.__('curl') },
          { id: 'python', label: trans.__('Python') },
          { id: 'line', label: trans.__('%kfp') }
        ]}
        current={form}
        label={trans.__('Forms of the request')}
        prefix={prefix}
        onChoose={setForm}
      />
      <pre className="jp-kfp-Preview-text" tabIndex={0} {...getPanelProps(prefix, form)}>
        {text || trans.__('This source has no line; use Python.')}
      </pre>
      <div className="jp-kfp-Preview-foot">
        <span className="jp-kfp-grow">
          {[trans.__('Nothing was sent. The token is left out.'), ...preview.notes].join(' ')}
        </span>
        <Button
          label={trans.__('Copy')}
          off={text === '' ? trans.__('There is nothing to copy.') : undefined}
          onClick={() => onCopy(text)}
        />
      </div>
    </div>
  );
}
