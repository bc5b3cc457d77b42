"""Example models, trained on real data and written into the model store of this repository."""
