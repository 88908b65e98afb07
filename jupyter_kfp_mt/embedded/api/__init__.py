"""The wire: one table of routes, two thin façades (v2beta1, v1beta1) and our own additions."""
