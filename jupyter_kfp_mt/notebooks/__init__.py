"""Notebooks and cells as pipelines of one task: read, understood, and compiled without the SDK. Pure."""
