"""The tests; every import between them is absolute: `from tests.fakes import …`."""
