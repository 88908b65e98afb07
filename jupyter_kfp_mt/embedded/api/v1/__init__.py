"""The v1beta1 API: its routes, and the messages of its resources."""
