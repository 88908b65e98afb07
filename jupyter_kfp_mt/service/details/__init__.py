"""What a server knows beyond KFP's API: one protocol, implemented for each kind of server."""
