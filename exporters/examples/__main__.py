"""Train and export every example: `python -m examples`."""

from . import breast_cancer, diabetes, iris, penguins, template_rf

for example in (iris, breast_cancer, diabetes, penguins, template_rf):
    example.main()
