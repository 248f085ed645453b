"""`python -m bench.peers.stock_strawberry PORT COUNT DATABASE` makes the database of stock_schema.py, and serves it."""

from __future__ import annotations

import asyncio
import sys

import uvicorn

from bench.peers.stock_schema import Served, fill

if __name__ == "__main__":
    port, count, database = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    asyncio.run(fill(count, database))
    uvicorn.run(Served(database), port=port, lifespan="off", log_config=None, access_log=False, loop="uvloop")
