"""What a server knows of a run beyond KFP's API: one protocol, implemented for each kind of server."""
