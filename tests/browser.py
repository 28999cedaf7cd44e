"""Pages in headless Chromium as judges: a page does its work and hands back one JSON answer.

A page of tests/judges/pages imports answer.js and calls answer(work). Nothing is timed: the browser is closed when the
answer is there. A test that asks for it is skipped, with a word, where Chromium is missing.
"""

import base64
import io
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import numpy as np
import pytest
from judging import JUDGES, node_modules, program
from PIL import Image

PROGRAMS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)  # fmt: skip
_TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css",
    ".json": "application/json", ".wav": "audio/wav", ".png": "image/png", ".glb": "model/gltf-binary",
}  # fmt: skip


def in_chromium(page: str, folders: Mapping[str, Path], timeout_s: float = 120, **query: object) -> Any:
    """What a page answers.

    page: its place on the server, "pages/judge.html".  folders: place -> folder that is served there, such as "files"
    or "web/node_modules"; "pages" and "node_modules" are always there.  query: given to the page as ?name=value.
    """
    served = {"pages": JUDGES / "pages", "node_modules": node_modules(), **folders}
    with _server(served) as (origin, answers):
        with _browser(f"{origin}/{page}?{urlencode(query)}") as (process, log):
            try:
                answer = answers.get(timeout=timeout_s)
            except queue.Empty:
                said = log.read_text("utf-8", errors="replace")[-2000:]
                pytest.fail(f"{page} gave no answer in {timeout_s:g} s (browser: {process.poll()}). {said}")
    assert "error" not in answer, f"{page}: {answer['error']}"
    return answer["result"]


def picture(data_url: str) -> np.ndarray:
    """A canvas's toDataURL() -> (H, W, 3) uint8 sRGB."""
    data = base64.b64decode(data_url.split(",", 1)[1])
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


@contextmanager
def _browser(url: str) -> Iterator[tuple[subprocess.Popen, Path]]:
    """Chromium with software OpenGL, so that pictures do not depend on the machine's graphics card."""
    command = [
        program(*PROGRAMS), "--headless=new", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--mute-audio",
        "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
        "--hide-scrollbars", "--force-device-scale-factor=1", "--autoplay-policy=no-user-gesture-required",
    ]  # fmt: skip
    if sys.platform == "linux":
        command.append("--disable-dev-shm-usage")  # containers have little of it
        if os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium has none for root
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        log = Path(profile) / "browser.log"
        with log.open("wb") as output:
            process = subprocess.Popen([*command, f"--user-data-dir={profile}", url], stdout=output, stderr=output)
            try:
                yield process, log
            finally:
                process.terminate()
                try:
                    process.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@contextmanager
def _server(folders: Mapping[str, Path]) -> Iterator[tuple[str, "queue.Queue[dict]"]]:
    """Serve folders on loopback; gives the origin, and the queue that a page's answer is put in."""
    answers: queue.Queue[dict] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = _served(unquote(urlsplit(self.path).path).lstrip("/"), folders)
            if file is None:
                return self.send_error(HTTPStatus.NOT_FOUND)
            self._send(file.read_bytes(), _TYPES.get(file.suffix, "application/octet-stream"))

        def do_POST(self) -> None:
            answers.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._send(b"", "text/plain")

        def _send(self, data: bytes, kind: str) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *message: object) -> None:
            """A test's output is no place for it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _served(place: str, folders: Mapping[str, Path]) -> Path | None:
    """The file at a place of the server: in the folder whose name fits most of it, and nowhere else."""
    fitting = [name for name in folders if place.startswith(f"{name}/")]
    if not fitting:
        return None
    name = max(fitting, key=len)
    folder = folders[name].resolve()
    file = (folder / place.removeprefix(f"{name}/")).resolve()
    return file if file.is_relative_to(folder) and file.is_file() else None
