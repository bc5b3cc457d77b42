"""Where the examples write."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
STORE = REPOSITORY / "model-store"
FIXTURES = REPOSITORY / "test" / "fixtures" / "examples"
