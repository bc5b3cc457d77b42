"""Train the models of `model-store/` again, and the answers that the server's tests expect: `python -m examples.committed`."""

from . import breast_cancer, diabetes, iris, penguins, rf_binary
from .places import COMMITTED

for example in (iris, breast_cancer, diabetes, penguins):
    example.main(COMMITTED)
rf_binary.main(COMMITTED, "template-rf")
