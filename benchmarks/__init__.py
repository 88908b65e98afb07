"""Benchmarks against the official SDK: `make bench`; README.md has the latest figures."""
