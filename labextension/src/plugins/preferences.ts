import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';

import { Format } from '../format';
import { SETTINGS } from '../names';
import { dropWrongSettings } from './wrongsettings';

/** The settings of the schema, each with its default. */
const DEFAULTS = {
  notify: 'mine' as 'mine' | 'all' | 'none',
  browserNotifications: false,
  statusBar: true,
  pageSize: 50,
  timeZone: 'local' as 'local' | 'UTC',
  metricColumns: [] as readonly string[],
  defaultExperiment: 'Default',
  saveBeforeRun: 'ask' as 'ask' | 'always' | 'never',
  confirmTerminate: true,
  logTail: 2000,
  logWrap: true,
  cellImage: '',
  kfpUiUrl: ''
};

type Settings = typeof DEFAULTS;

/** The person's preferences from the settings; without a settings registry the schema's defaults. */
export class Preferences {
  constructor(private readonly _settings: ISettingRegistry.ISettings | null) {}

  /** Load the settings; a wrong one has its default, and a notice says so. */
  static async load(registry: ISettingRegistry | null, trans: TranslationBundle): Promise<Preferences> {
    if (!registry) {
      return new Preferences(null);
    }
    dropWrongSettings(registry, trans);
    const settings = await registry.load(SETTINGS).catch((error: unknown) => {
      console.warn('The settings of jupyter-kfp-mt cannot be read; the defaults are used.', error);
      return null;
    });
    return new Preferences(settings);
  }

  get notify(): Settings['notify'] {
    return this._get('notify');
  }

  get browserNotifications(): boolean {
    return this._get('browserNotifications');
  }

  get statusBar(): boolean {
    return this._get('statusBar');
  }

  get pageSize(): number {
    return this._get('pageSize');
  }

  get metricColumns(): readonly string[] {
    return this._get('metricColumns');
  }

  get confirmTerminate(): boolean {
    return this._get('confirmTerminate');
  }

  get defaultExperiment(): string {
    return this._get('defaultExperiment') || DEFAULTS.defaultExperiment;
  }

  get saveBeforeRun(): Settings['saveBeforeRun'] {
    return this._get('saveBeforeRun');
  }

  get logTail(): number {
    return this._get('logTail');
  }

  get logWrap(): boolean {
    return this._get('logWrap');
  }

  get cellImage(): string {
    return this._get('cellImage');
  }

  /** The address of Kubeflow's page about a run, with places for its id and namespace; "" to find it. */
  get kfpUiUrl(): string {
    return this._get('kfpUiUrl');
  }

  /** Remember what to do with changes of a notebook that are not saved. */
  async setSaveBeforeRun(value: Settings['saveBeforeRun']): Promise<void> {
    await this._settings?.set('saveBeforeRun', value);
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
    return new Format(trans, { locale, timeZone: () => this._get('timeZone') });
  }

  /** Return a setting, which the schema has checked. */
  private _get<K extends keyof Settings>(key: K): Settings[K] {
    return (this._settings?.composite[key] as Settings[K] | undefined) ?? DEFAULTS[key];
  }
}

/** Return the browser's variant of the page's language: on a page in “en”, a British browser writes British dates. */
export function chooseLocale(page: string, browser: string): string {
  return page === '' || browser.split('-')[0] === page ? browser : page;
}
