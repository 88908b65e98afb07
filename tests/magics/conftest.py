from laptop import laptop, service

__all__ = ["laptop", "service"]
