"""The parts of the engine's loop: its queue, its timers, its guard against bugs, and its remover."""
