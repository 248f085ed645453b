"""`python -m bench.peers.strawberry_by_hand PORT DATABASE` serves portal_schema.py from the gateway's own tables."""

from __future__ import annotations

import sys

import uvicorn

from bench.peers.portal_schema import Served

if __name__ == "__main__":
    uvicorn.run(
        Served(sys.argv[2]),
        port=int(sys.argv[1]),
        lifespan="off",
        log_config=None,
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
