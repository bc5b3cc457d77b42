"""Example models. Each module has a `main` that trains its model and writes it into a model store."""
