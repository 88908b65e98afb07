"""The v2beta1 API: its routes, and what its messages look like."""
