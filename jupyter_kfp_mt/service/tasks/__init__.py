"""The tasks of a run, as a server or a Workflow reports them. Pure."""
