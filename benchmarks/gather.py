"""The plain way, for comparison: the openai SDK, `asyncio.gather` and a semaphore, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI, DefaultAioHttpClient


async def main(url: str, bodies: list[dict[str, Any]], in_flight: int, transport: str) -> None:
    """Send each body as a request, at most `in_flight` at once."""
    http = DefaultAioHttpClient() if transport == "aiohttp" else None
    semaphore = asyncio.Semaphore(in_flight)
    async with AsyncOpenAI(base_url=url, api_key="none", http_client=http) as client:

        async def one(body: dict[str, Any]) -> None:
            async with semaphore:
                await client.chat.completions.create(**body)

        await asyncio.gather(*map(one, bodies))


if __name__ == "__main__":
    lines = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
    asyncio.run(main(sys.argv[1], [json.loads(line) for line in lines], int(sys.argv[3]), sys.argv[4]))
