// @vitest-environment jsdom
import { readFileSync } from 'node:fs';

import { Notification } from '@jupyterlab/apputils';
import { SettingRegistry } from '@jupyterlab/settingregistry';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { beforeEach, expect, it } from 'vitest';

import { SETTINGS } from '../src/names';
import { Preferences } from '../src/plugins/preferences';
import { trans } from './samples';

const schema = JSON.parse(readFileSync('schema/plugin.json', 'utf8')) as ISettingRegistry.ISchema;

/** The registry of JupyterLab over a file with this text. */
function registry(raw: string): SettingRegistry {
  const fetch = (id: string): Promise<ISettingRegistry.IPlugin> =>
    Promise.resolve({ id, raw, schema, version: '1', data: { composite: {}, user: {} } });
  const nothing = (): Promise<never> => Promise.reject(new Error('unused'));
  return new SettingRegistry({ connector: { fetch, list: nothing, save: nothing, remove: nothing } });
}

const notices = (): string[] => Notification.manager.notifications.map(({ message }) => message);

beforeEach(() => Notification.manager.dismiss());

it('has every setting with a title, a meaning and a default', async () => {
  const preferences = await Preferences.load(registry('{}'), trans);
  const entries = Object.entries(schema.properties ?? {});
  expect(entries.map(([key]) => key).sort()).toEqual(
    [
      'browserNotifications',
      'cellImage',
      'confirmTerminate',
      'defaultExperiment',
      'kfpUiUrl',
      'logTail',
      'logWrap',
      'metricColumns',
      'notify',
      'pageSize',
      'saveBeforeRun',
      'statusBar',
      'timeZone'
    ].sort()
  );
  for (const [key, { title, description, default: value }] of entries) {
    expect([title, description], key).not.toContain(undefined);
    if (key !== 'timeZone') {
      expect(preferences[key as 'notify'], key).toEqual(value);
    }
  }
});

it('reads what the person has set, with comments', async () => {
  const preferences = await Preferences.load(registry('{ // mine\n"pageSize": 20, "statusBar": false }'), trans);
  expect([preferences.pageSize, preferences.statusBar, preferences.logTail]).toEqual([20, false, 2000]);
  expect(notices()).toEqual([]);
});

it.each([
  ['pageSize', 5000, 'pageSize cannot be 5000; Kubeflow Pipelines uses 50.'],
  ['notify', 'everything', 'notify cannot be "everything"; Kubeflow Pipelines uses "mine".'],
  ['kfpUiUrl', 'javascript:alert(1)', 'kfpUiUrl cannot be "javascript:alert(1)"; Kubeflow Pipelines uses "".'],
  ['metricColumns', ['a', 'b', 'c', 'd'], 'metricColumns cannot be ["a","b","c","d"]; Kubeflow Pipelines uses [].'],
  ['pagesize', 5, 'Kubeflow Pipelines has no setting pagesize (5).']
])('uses the default in place of a wrong %s alone, and says so once', async (key, value, text) => {
  const settings = registry(JSON.stringify({ [key]: value, logWrap: false }));
  const preferences = await Preferences.load(settings, trans);
  await Preferences.load(settings, trans);
  expect([preferences.pageSize, preferences.notify, preferences.kfpUiUrl]).toEqual([50, 'mine', '']);
  expect(preferences.logWrap).toBe(false);
  expect(notices()).toEqual([text]);
});

it('uses all defaults, and says so, where the file cannot be read', async () => {
  const preferences = await Preferences.load(registry('{ "pageSize": '), trans);
  expect(preferences.pageSize).toBe(50);
  expect(notices()).toEqual(['The settings of Kubeflow Pipelines cannot be read; the defaults are used.']);
});

it('keeps menus and keys when a value is wrong', async () => {
  const settings = registry('{"pageSize": "many"}');
  await Preferences.load(settings, trans);
  expect(settings.plugins[SETTINGS]?.schema['jupyter.lab.shortcuts']).not.toHaveLength(0);
});
