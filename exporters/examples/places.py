"""Where the examples write."""

from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Places:
    """A model store, and the folder that gets the estimators' own answers; None: they are not written."""

    store: Path
    answers: Path | None = None


COMMITTED = Places(REPOSITORY / "model-store", REPOSITORY / "test" / "fixtures" / "examples")
