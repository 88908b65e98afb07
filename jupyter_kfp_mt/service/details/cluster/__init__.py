"""Details of a run on a cluster, from its Workflow, its pods and its archive."""
