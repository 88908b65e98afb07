import { StatusBar } from '@jupyterlab/statusbar';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { nullTranslator } from '@jupyterlab/translation';
import { MessageLoop } from '@lumino/messaging';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { expect, it } from 'vitest';

import { RunManager } from '../src/model/manager';
import { status as plugin } from '../src/plugins/status';
import { fakeApi, json, status } from './samples';

it('is not in the status bar of who switched it off, whatever the status bar does', async () => {
  const api = fakeApi({ 'GET status': () => json(status()) });
  const manager = new RunManager({ api, pages: null });
  const composite = { statusBar: false };
  const settings = { composite, changed: new Signal<object, void>({}) };
  const registry = { load: () => Promise.resolve(settings), transform: () => undefined } as unknown as ISettingRegistry;
  const app = { commands: new CommandRegistry() } as unknown as JupyterFrontEnd;
  const bar = new StatusBar();
  Widget.attach(bar, document.body);
  await plugin.activate(app, manager, nullTranslator, bar, registry);
  const isShown = (): boolean => {
    MessageLoop.sendMessage(bar, Widget.Msg.UpdateRequest);
    return bar.node.querySelector('.jp-mod-highlighted:not(.lm-mod-hidden)') !== null;
  };
  expect(isShown()).toBe(false);
  composite.statusBar = true;
  settings.changed.emit();
  expect(isShown()).toBe(true);
  manager.dispose();
});
