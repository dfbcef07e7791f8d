"""Headless Chromium, driven through the DevTools protocol over a pipe."""

import json
import os
import select
import subprocess
import tempfile
import time


class Browser:
    """One page in a browser of its own, with all that it complained of."""

    def __init__(self, patience_s=240):
        self._deadline = time.monotonic() + patience_s
        self._directory = tempfile.TemporaryDirectory()
        to_browser, self._commands = os.pipe()
        self._messages, from_browser = os.pipe()
        self._process = subprocess.Popen(
            [
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--no-first-run",
                "--remote-debugging-pipe",
                "--user-data-dir=" + self._directory.name,
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self._directory.name},
            pass_fds=(3, 4),
            preexec_fn=lambda: self._hand_over(to_browser, from_browser),
        )
        os.close(to_browser)
        os.close(from_browser)
        self._buffer = b""
        self._id = 0
        self._session = None
        self.events = []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t for t in targets if t["type"] == "page")
        attached = self.call(
            "Target.attachToTarget", targetId=page["targetId"], flatten=True
        )
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(domain + ".enable")

    @staticmethod
    def _hand_over(to_browser, from_browser):
        """The browser reads commands from 3 and writes to 4."""
        commands = os.dup(to_browser)
        messages = os.dup(from_browser)
        if 3 in (commands, messages) or 4 in (commands, messages):
            commands, messages = os.dup(commands), os.dup(messages)
        os.dup2(commands, 3)
        os.dup2(messages, 4)

    def _receive(self):
        while b"\0" not in self._buffer:
            left = self._deadline - time.monotonic()
            ready, _, _ = select.select([self._messages], [], [], max(0, left))
            if not ready:
                raise TimeoutError("the browser does not answer")
            chunk = os.read(self._messages, 1 << 20)
            if not chunk:
                raise EOFError("the browser has gone")
            self._buffer += chunk
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self._id += 1
        request = {"id": self._id, "method": method, "params": params}
        if self._session:
            request["sessionId"] = self._session
        os.write(self._commands, json.dumps(request).encode() + b"\0")
        while True:
            message = self._receive()
            if message.get("id") == self._id:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def open(self, path):
        self.events.clear()
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        while not self.seen("Page.loadEventFired"):
            self.events.append(self._receive())

    def seen(self, method):
        return [e["params"] for e in self.events if e.get("method") == method]

    def evaluate(self, expression):
        answer = self.call(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def close(self):
        try:
            self._session = None
            self.call("Browser.close")
        except (OSError, EOFError, TimeoutError):
            self._process.kill()
        self._process.wait()
        os.close(self._commands)
        os.close(self._messages)
        self._directory.cleanup()
