"""Decides what a run does next, from its compiled pipeline and the states of its tasks. Pure."""
