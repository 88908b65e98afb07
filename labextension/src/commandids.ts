/** The ids of our commands: all that buttons, menus and other plugins know of them. */
export namespace CommandIDs {
  export const togglePanel = 'jupyter-kfp-mt:toggle-panel';
  export const refresh = 'jupyter-kfp-mt:refresh';
  export const newRun = 'jupyter-kfp-mt:new-run';
  export const runFile = 'jupyter-kfp-mt:run-file';
  export const runNotebook = 'jupyter-kfp-mt:run-notebook';
  export const runCell = 'jupyter-kfp-mt:run-cell';
  export const runExample = 'jupyter-kfp-mt:run-example';
  export const uploadPipeline = 'jupyter-kfp-mt:upload-pipeline';
  export const newExperiment = 'jupyter-kfp-mt:new-experiment';
  export const openRun = 'jupyter-kfp-mt:open-run';
  export const openNotebook = 'jupyter-kfp-mt:open-notebook';
  export const downloadNotebook = 'jupyter-kfp-mt:download-notebook';
  export const clone = 'jupyter-kfp-mt:clone';
  export const retry = 'jupyter-kfp-mt:retry';
  export const terminate = 'jupyter-kfp-mt:terminate';
  export const archive = 'jupyter-kfp-mt:archive';
  export const restore = 'jupyter-kfp-mt:restore';
  export const remove = 'jupyter-kfp-mt:delete';
  export const copyId = 'jupyter-kfp-mt:copy-id';
  export const copyLink = 'jupyter-kfp-mt:copy-link';
  export const switchNamespace = 'jupyter-kfp-mt:switch-namespace';
  export const copyNamespace = 'jupyter-kfp-mt:copy-namespace';
  export const whoAmI = 'jupyter-kfp-mt:who-am-i';
  export const doctor = 'jupyter-kfp-mt:doctor';
  export const startEmbedded = 'jupyter-kfp-mt:start-embedded';
  export const stopEmbedded = 'jupyter-kfp-mt:stop-embedded';
  export const openSettings = 'jupyter-kfp-mt:open-settings';
  export const openRunsTable = 'jupyter-kfp-mt:open-runs-table';
  export const filter = 'jupyter-kfp-mt:filter';
  export const filterBy = 'jupyter-kfp-mt:filter-by';
  export const clearFilter = 'jupyter-kfp-mt:clear-filter';
  export const sort = 'jupyter-kfp-mt:sort';
  export const pageSize = 'jupyter-kfp-mt:page-size';
}
