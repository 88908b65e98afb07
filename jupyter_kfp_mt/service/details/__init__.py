"""What a server knows of a run beyond KFP's API."""
