"""Debian's Chromium, driven by the protocol of its developer tools: a page is loaded, looked at, asked and pictured."""

from __future__ import annotations

import asyncio
import base64
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import aiohttp

AXE = Path(__file__).parent / "axe" / "axe.min.js"

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--disable-dev-shm-usage",
    "--remote-debugging-port=0", "about:blank",
)  # fmt: skip


class Page:
    """One page in a browser that nobody else sees."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.said: list[str] = []
        """What the browser complained of: refused by the policy, not found, mistakes of scripts."""

    async def do(self, method: str, **params: object) -> dict[str, Any]:
        """A command, and its result."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        return await self._until(lambda message: message.get("id") == self._number)

    async def _until(self, wanted: Any) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while True:
                message = await self._socket.receive_json()
                if message.get("method") == "Log.entryAdded":
                    self.said.append(message["params"]["entry"]["text"])
                if wanted(message):
                    assert "error" not in message, message
                    found: dict[str, Any] = message.get("result") or message.get("params") or {}
                    return found

    async def goto(self, url: str) -> None:
        """Load a page and wait until it is there. What was said of those before is forgotten."""
        self.said.clear()
        await self.do("Page.navigate", url=url)
        await self._until(lambda message: message.get("method") == "Page.loadEventFired")

    async def look(
        self, width: int = 1600, height: int = 900, scheme: Literal["light", "dark"] = "light", scripts: str = "on"
    ) -> None:
        """How the next page is looked at; `scripts` are `on` or `off`."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.do("Emulation.setDeviceMetricsOverride", **size)
        await self.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        await self.do("Emulation.setScriptExecutionDisabled", value=scripts == "off")

    async def ask(self, expression: str) -> Any:
        """What an expression of JavaScript gives; a promise is waited for."""
        found = await self.do("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def press(self, key: str) -> None:
        codes = {"Tab": 9, "Enter": 13}
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            code = {"windowsVirtualKeyCode": codes[key]}
            await self.do("Input.dispatchKeyEvent", type=kind, key=key, code=key, **code, **text)

    async def picture(self, path: Path, most: int, scale: float = 1) -> None:
        """The page from its top on, up to `most` pixels of it."""
        size = (await self.do("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], most), "scale": scale}
        shot = await self.do("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    async def axe(self) -> list[str]:
        """What axe-core finds, of every rule that it has but those it calls experimental."""
        await self.ask(AXE.read_text("utf-8") + ";0")
        found = json.loads(await self.ask("axe.run().then(found => JSON.stringify(found.violations))"))
        return [
            f"{each['id']}: {node['html'][:200]}: {node['failureSummary']}" for each in found for node in each["nodes"]
        ]


@asynccontextmanager
async def browsing(chromium: Path) -> AsyncIterator[Page]:
    """A browser for as long as it is looked at."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as home:
        words = [*FLAGS[:-1], f"--user-data-dir={home}", FLAGS[-1]]
        nowhere = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(chromium, *words, stdout=nowhere, stderr=nowhere)
        try:
            port = await _port(Path(home) / "DevToolsActivePort")
            async with aiohttp.ClientSession() as session:
                async with session.put(f"http://127.0.0.1:{port}/json/new?about:blank") as answer:
                    address = (await answer.json(content_type=None))["webSocketDebuggerUrl"]
                async with session.ws_connect(address, max_msg_size=64 * 1024 * 1024) as socket:
                    page = Page(socket)
                    for domain in ("Page", "Log", "Runtime"):
                        await page.do(f"{domain}.enable")
                    yield page
        finally:
            process.terminate()
            try:
                async with asyncio.timeout(5):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _port(file: Path) -> int:
    async with asyncio.timeout(30):
        while True:
            if file.exists() and (text := file.read_text()):
                return int(text.splitlines()[0])
            await asyncio.sleep(0.05)
