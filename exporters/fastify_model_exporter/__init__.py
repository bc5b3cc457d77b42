"""Write a trained estimator into a model store: ONNX file, metadata, background rows and self-test."""

from .store import export

__all__ = ["export"]
