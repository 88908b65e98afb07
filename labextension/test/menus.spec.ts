import { CommandRegistry } from '@lumino/commands';
import { expect, it } from 'vitest';

import { openMenu } from '../src/views/menus';
import { trans, waitFor } from './samples';

it('gives the focus back when it is closed without a choice', async () => {
  const commands = new CommandRegistry();
  commands.addCommand('x', { label: trans.__('X'), execute: () => undefined });
  const button = document.body.appendChild(document.createElement('button'));
  button.focus();
  openMenu(commands, [{ command: 'x' }], 0, 0);
  const menu = document.querySelector<HTMLElement>('.lm-Menu');
  await waitFor(() => expect(document.activeElement).toBe(menu));
  menu?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', keyCode: 27, bubbles: true }));
  await waitFor(() => expect(document.activeElement).toBe(button));
  expect(document.querySelector('.lm-Menu')).toBeNull();
});
