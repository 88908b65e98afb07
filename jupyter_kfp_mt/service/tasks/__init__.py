"""The tasks of a run, from what a server or a Workflow says of them. Pure."""
