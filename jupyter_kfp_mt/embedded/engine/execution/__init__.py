"""Run what a plan decided: attempts as folders and processes, with their inputs, outputs and packages."""
