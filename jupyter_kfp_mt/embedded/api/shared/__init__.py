"""What both API versions share: how a call passes through a route, lists, uploads, and messages."""
