"""What takes minutes here, and minds what else the machine does, has a word of its own: `make breaks`."""

from __future__ import annotations

import pytest

OF_EVERY_RUN = ("test_docs.py", "test_main.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "bench" and item.path.name not in OF_EVERY_RUN:
            item.add_marker(pytest.mark.bar)
