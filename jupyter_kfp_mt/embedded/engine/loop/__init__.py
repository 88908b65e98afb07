"""Plumbing of the engine's thread: its queue, its timers, and its guard against our own faults."""
