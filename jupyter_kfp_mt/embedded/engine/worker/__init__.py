"""The processes outside the server: fork server, supervisors and tasks. Run by path, never imported."""
