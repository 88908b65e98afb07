/** The translation domain of all our texts. */
export const DOMAIN = 'jupyter_kfp_mt';

/** The id of the settings, which is also their file's. */
export const SETTINGS = 'jupyter-kfp-mt:plugin';

/** The id of the panel's widget. */
export const PANEL_ID = 'jupyter-kfp-mt-panel';

/** Return the id of the widget that shows a run. */
export function getRunWidgetId(runId: string): string {
  return `jupyter-kfp-mt-run-${runId}`;
}
