"""The rules of experiments, runs, recurring runs and pipelines; the façades of `api/` decide nothing."""
