/** The translation domain of all our texts. */
export const DOMAIN = 'jupyter_kfp_mt';

/** The id of the settings, which is also their file's. */
export const SETTINGS = 'jupyter-kfp-mt:plugin';
