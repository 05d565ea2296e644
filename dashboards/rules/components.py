"""A service's tree: is it up, is it down, or does nobody know? (KPIS 2.4)

Kleene's logic: a service that needs 2 of 3 is up once two are known to be up, down once not even the unknown ones
could make two, and else absent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from collector.services import Leaf, Node, Service
from dashboards.names import COMPONENT_UP, UP
from dashboards.promql import enclosed, pattern, quoted
from dashboards.rule import Record


def component_rules(service: Service) -> Iterator[Record]:
    """A rule for each leaf and inner node, and one for the service. Raises BadExpression."""
    if service.tree is None:
        return
    made: dict[str, Leaf | Node] = {}
    yield from _node(service, service.tree, made, "")


def _node(service: Service, node: Node, made: dict[str, Leaf | Node], path: str) -> Iterator[Record]:
    children = []
    seen = Counter[Leaf]()
    for number, each in enumerate(node.of, 1):
        if isinstance(each, Leaf):
            seen[each] += 1
            # A component that counts twice in one node is two series.
            name = each.name if seen[each] == 1 else f"{each.name} ({seen[each]})"
            if made.get(name) == each:
                children.append(name)
                continue
            name = _free(name, made)
            made[name] = each
            text = enclosed(each.expr, f"{service.name}: {each.name}")
            yield Record(COMPONENT_UP, f"min({text} > bool 0)", {"service": service.name, "component": name})
        else:
            place = f"{path}.{number}" if path else str(number)
            name = _free(f"group {place}", made)
            made[name] = each
            for rule in _node(service, each, made, place):
                yield (
                    rule
                    if rule.name != UP
                    else Record(COMPONENT_UP, rule.expr, {"service": service.name, "component": name})
                )
        children.append(name)
    yield Record(UP, _enough(service.name, children, node.needs), {"service": service.name})


def _free(name: str, made: dict[str, Leaf | Node]) -> str:
    free, number = name, 1
    while free in made:
        number += 1
        free = f"{name} #{number}"
    return free


def _enough(service: str, children: list[str], needs: int) -> str:
    """1: enough are up. 0: not even the unknown ones could make enough. Absent: it depends on them."""
    those = f"{COMPONENT_UP}{{service={quoted(service)}, component=~{pattern(children)}}}"
    return (
        f"(sum({those}) >= bool {needs})\n"
        f"unless (sum({those}) < {needs} and sum({those}) - count({those}) >= {needs - len(children)})"
    )
