"""pynetdicom's server on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partialmethod
from typing import Any

import pytest
from pynetdicom import AE
from pynetdicom.transport import ThreadedAssociationServer


@contextmanager
def listening(entity: AE, handlers: Sequence[Any] = ()) -> Iterator[Any]:
    """It looks every half second whether it is to end; here more often, or each test would wait for that."""
    often = partialmethod(ThreadedAssociationServer.serve_forever, 0.02)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ThreadedAssociationServer, "serve_forever", often)
        server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=list(handlers))
        try:
            yield server
        finally:
            server.shutdown()
