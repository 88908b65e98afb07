"""The v2beta1 API: its routes, and the messages of its resources."""
