"""Which route a request is for: the few paths there are, looked up as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from exporters.messages import Handler, Request, Response, plain

OTHER: Final = "other"
"""What a path is called, and counted under, that is no route of ours."""
ANY: Final = "*"


class Table:
    """Handlers by method and path, such as `GET /runbooks/{alert}`: a free part is all the rest, and never empty. HEAD
    is answered as GET."""

    def __init__(self, *tables: Mapping[str, Handler]) -> None:
        self._methods: dict[str, dict[str, Handler]] = {}
        self._free: dict[str, str] = {}
        """Routes with a free part, by what stands before it."""
        for words, handler in (each for table in tables for each in table.items()):
            method, route = words.split(" ")
            by_method = self._methods.setdefault(route, {})
            by_method[method] = handler
            if method == "GET":
                by_method["HEAD"] = handler
            if "{" in route:
                self._free[route.partition("{")[0]] = route

    def find(self, request: Request) -> tuple[str, Handler]:
        """The route's name, and who answers. Sets the request's free part."""
        route, methods = request.path, self._methods.get(request.path)
        if methods is None or "{" in route:
            before = next((each for each in self._free if request.path.startswith(each) and request.path != each), None)
            if before is None:
                return OTHER, _unknown
            route, request.part = self._free[before], request.path.removeprefix(before)
            methods = self._methods[route]
        handler = methods.get(request.method) or methods.get(ANY)
        if handler is not None:
            return route, handler
        allowed = ", ".join(methods)

        async def refused(_: Request) -> Response:
            return plain("Method Not Allowed", 405, {"Allow": allowed})

        return route, refused


async def _unknown(_: Request) -> Response:
    return plain("Not Found", 404)
