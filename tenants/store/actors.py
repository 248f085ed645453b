"""Who did something, as it is stored beside what was done."""

from __future__ import annotations

from functools import lru_cache

import orjson

from tenants.access import Actor, ActorKind


def to_stored(actor: Actor) -> str:
    """One JSON text, a snapshot: it stays readable when the person or token is gone."""
    return orjson.dumps({"kind": actor.kind.value, "name": actor.name, "id": actor.actor_id}).decode()


@lru_cache(128)  # few people publish
def from_stored(text: str) -> Actor:
    """What `to_stored` wrote."""
    stored = orjson.loads(text)
    return Actor(ActorKind(stored["kind"]), stored["name"], stored["id"])
