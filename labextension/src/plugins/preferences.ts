import { Notification } from '@jupyterlab/apputils';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';

import { Format } from '../format';
import { SETTINGS } from '../names';

/** The person's preferences from the settings; without a settings registry the schema's defaults. */
export class Preferences {
  constructor(private readonly _settings: ISettingRegistry.ISettings | null) {}

  /** Load the settings; falls back to the defaults if they cannot be read. */
  static async load(registry: ISettingRegistry | null, trans: TranslationBundle): Promise<Preferences> {
    const settings = await registry?.load(SETTINGS).catch((error: unknown) => {
      console.warn('The settings of jupyter-kfp-mt cannot be read; the defaults are used.', error);
      reportDefaults(trans);
      return null;
    });
    return new Preferences(settings ?? null);
  }

  get notify(): 'mine' | 'all' | 'none' {
    const value = this._get('notify');
    return value === 'all' || value === 'none' ? value : 'mine';
  }

  get statusBar(): boolean {
    return this._get('statusBar') !== false;
  }

  get pageSize(): number {
    const value = this._get('pageSize');
    return typeof value === 'number' ? value : 50;
  }

  get metricColumns(): readonly string[] {
    const value = this._get('metricColumns');
    return Array.isArray(value) ? value.filter(name => typeof name === 'string').slice(0, 3) : [];
  }

  get confirmTerminate(): boolean {
    return this._get('confirmTerminate') !== false;
  }

  get defaultExperiment(): string {
    const value = this._get('defaultExperiment');
    return typeof value === 'string' && value !== '' ? value : 'Default';
  }

  get saveBeforeRun(): 'ask' | 'always' | 'never' {
    const value = this._get('saveBeforeRun');
    return value === 'always' || value === 'never' ? value : 'ask';
  }

  /** Remember what to do with changes of a notebook that are not saved. */
  async setSaveBeforeRun(value: 'ask' | 'always' | 'never'): Promise<void> {
    await this._settings?.set('saveBeforeRun', value);
  }

  get cellImage(): string {
    const value = this._get('cellImage');
    return typeof value === 'string' ? value : '';
  }

  get logTail(): number {
    const value = this._get('logTail');
    return typeof value === 'number' ? value : 2000;
  }

  get logWrap(): boolean {
    return this._get('logWrap') !== false;
  }

  /** Change a setting as the settings editor does; every plugin follows. */
  set(key: string, value: number): void {
    this._settings?.set(key, value).catch((error: unknown) => {
      console.warn(`The setting ${key} of jupyter-kfp-mt cannot be kept.`, error);
    });
  }

  /** Call `listener` now and after each change of a setting. */
  follow(listener: () => void): void {
    this._settings?.changed.connect(listener);
    listener();
  }

  /** Create a format for the page's language and the zone in the settings. */
  format(trans: TranslationBundle): Format {
    const locale = chooseLocale(document.documentElement.lang, navigator.language);
    return new Format(trans, { locale, timeZone: () => (this._get('timeZone') === 'UTC' ? 'UTC' : 'local') });
  }

  private _get(key: string): unknown {
    return this._settings?.composite[key];
  }
}

let isReported = false;

/** Say once on a page, whose plugins each load the settings, that the defaults are used. */
function reportDefaults(trans: TranslationBundle): void {
  if (!isReported) {
    isReported = true;
    const text = trans.__('A setting of Kubeflow Pipelines has a wrong value; the defaults are used.');
    Notification.warning(text, { autoClose: false });
  }
}

/** Return the browser's variant of the page's language: on a page in “en”, a British browser writes British dates. */
export function chooseLocale(page: string, browser: string): string {
  return page === '' || browser.split('-')[0] === page ? browser : page;
}
