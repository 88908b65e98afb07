"""What the service keeps between calls: submits, caches, rights and the ends of pod logs."""
