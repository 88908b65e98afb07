from tests.laptop import laptop, service

__all__ = ["laptop", "service"]
