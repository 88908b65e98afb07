"""The Jupyter server extension: REST and events for the page."""
