"""Turn a source into a run exactly once: compile it, send it, and settle what stayed unclear."""
