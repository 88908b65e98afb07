"""What runs outside the server: fork server, supervisors, tasks. Run by path, never imported."""
