"""How fast, beside the official SDK: `make bench`; the last figures are in README.md here."""
