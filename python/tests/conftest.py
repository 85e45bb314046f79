from __future__ import annotations

import os
import random

import pytest


@pytest.fixture
def seed() -> int:
    """Of random tests. It is in the report of what fails: `STOA_SEED=… python -m pytest`."""
    found = int(os.environ.get("STOA_SEED", random.SystemRandom().randrange(2**32)))
    print(f"STOA_SEED={found}")
    return found
