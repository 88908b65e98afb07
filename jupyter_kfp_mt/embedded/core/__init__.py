"""The rules of experiments, runs, recurring runs and pipelines; the handlers of `api/` decide nothing."""
