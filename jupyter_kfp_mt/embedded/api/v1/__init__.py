"""The v1beta1 API: its routes, and what its messages look like."""
