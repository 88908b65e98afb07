"""Runs what a plan decides: attempts as folders and processes, with inputs, outputs and packages."""
