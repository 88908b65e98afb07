/** Settings with wrong values: each falls back to its default alone, and a notice says so. */
import { Notification } from '@jupyterlab/apputils';
import type { ISettingRegistry, SettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { PartialJSONObject, ReadonlyPartialJSONValue } from '@lumino/coreutils';

import { SETTINGS } from '../names';

/** The longest value in a notice. */
const LONGEST = 40;

/** A setting that is not as the schema wants it. */
export interface IWrongSetting {
  readonly key: string;
  readonly value: ReadonlyPartialJSONValue | undefined;
}

const known = new WeakSet<ISettingRegistry>();

/**
 * Drop wrong values from our settings whenever they are read, and say once which.
 *
 * #### Notes
 * JupyterLab refuses all settings of a plugin, with its menus and keys, for a single wrong value; the transformation
 * comes before that check. Every plugin of ours may be the first to load the settings, so each calls this.
 */
export function dropWrongSettings(registry: ISettingRegistry, trans: TranslationBundle): void {
  if (known.has(registry)) {
    return;
  }
  known.add(registry);
  const said = new Set<string>();
  registry.transform(SETTINGS, {
    compose: plugin => plugin,
    fetch: plugin => {
      const { raw, wrong } = splitSettings(registry, plugin);
      for (const { key, value } of wrong) {
        const text = describeWrong(key, value, plugin.schema.properties?.[key]?.default, trans);
        if (!said.has(text)) {
          said.add(text);
          Notification.warning(text, { autoClose: false });
        }
      }
      return wrong.length === 0 ? plugin : { ...plugin, raw };
    }
  });
}

/** Return the settings that the schema takes, as text, and the others. */
export function splitSettings(
  registry: ISettingRegistry,
  plugin: ISettingRegistry.IPlugin
): { readonly raw: string; readonly wrong: readonly IWrongSetting[] } {
  // The interface leaves out the validator, which reads JSON5 and knows the schema.
  const { validator } = registry as unknown as Pick<SettingRegistry, 'validator'>;
  const parse = (id: string, raw: string, schema: ISettingRegistry.ISchema): PartialJSONObject | null => {
    const read: ISettingRegistry.IPlugin = { ...plugin, id, raw, schema };
    return validator.validateData(read) ? null : read.data.user;
  };
  const user = parse(`${SETTINGS}:any`, plugin.raw, { type: 'object' });
  if (user === null) {
    return { raw: '{}', wrong: [{ key: '', value: undefined }] };
  }
  const isRight = (key: string): boolean =>
    parse(plugin.id, JSON.stringify({ [key]: user[key] }), plugin.schema) !== null;
  const keys = Object.keys(user);
  const right = keys.filter(isRight);
  return {
    raw: JSON.stringify(Object.fromEntries(right.map(key => [key, user[key]])), undefined, 2),
    wrong: keys.filter(key => !right.includes(key)).map(key => ({ key, value: user[key] }))
  };
}

function describeWrong(
  key: string,
  value: ReadonlyPartialJSONValue | undefined,
  fallback: ReadonlyPartialJSONValue | undefined,
  trans: TranslationBundle
): string {
  if (key === '') {
    return trans.__('The settings of Kubeflow Pipelines cannot be read; the defaults are used.');
  }
  const text = JSON.stringify(value) ?? '';
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  return fallback === undefined
    ? trans.__('Kubeflow Pipelines has no setting %1 (%2).', key, shown)
    : trans.__('%1 cannot be %2; Kubeflow Pipelines uses %3.', key, shown, JSON.stringify(fallback));
}
