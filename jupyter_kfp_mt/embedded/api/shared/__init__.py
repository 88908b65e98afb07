"""What both API versions share: the way of a call through a route, lists, uploads, and messages."""
