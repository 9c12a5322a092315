# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium for the integration tests, driven by chromedriver: WebDriver is HTTP and JSON, so the standard
library will do.

    browser = Browser(folder)           # ends with browser.close()
    browser.open("http://127.0.0.1:9100/")
    browser.wait("document.querySelectorAll('.row').length > 10")
"""

import base64
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time

KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Down": "\ue015", "Up": "\ue013", "Left": "\ue012", "Right": "\ue014",
        "End": "\ue010", "Home": "\ue011", "Tab": "\ue004", "Backspace": "\ue003"}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage",
         "--hide-scrollbars", "--force-color-profile=srgb"]


def missing():
    """Why there is no browser, or ''."""
    for name in ("chromium", "chromedriver"):
        if not shutil.which(name):
            return f"{name} is not installed (Debian: chromium, chromium-driver)"
    return ""


class Browser:
    def __init__(self, folder, width=1280, height=900):
        self._log = open(os.path.join(folder, "chromedriver.log"), "w+", encoding="utf-8")
        self._driver = subprocess.Popen(["chromedriver", "--port=0"], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
                                        start_new_session=True)
        try:
            self._port = self._find_port()
            options = {"binary": shutil.which("chromium"),
                       "args": FLAGS + [f"--user-data-dir={os.path.join(folder, 'profile')}", f"--window-size={width},{height}"]}
            answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        except BaseException:
            self.close()
            raise
        self._session = "/session/" + answer["sessionId"]

    _session = None

    def _find_port(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._driver.poll() is None:
            with open(self._log.name, encoding="utf-8") as log:
                match = re.search(r"started successfully on port (\d+)", log.read())
            if match:
                return int(match.group(1))
            time.sleep(0.05)
        raise AssertionError("chromedriver did not start")

    def _call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=180)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise AssertionError(f"{path}: {value['error']}: {value['message'].splitlines()[0]}")
        return value

    def close(self):
        try:
            if self._session:
                self._call("DELETE", self._session)
        finally:
            os.killpg(self._driver.pid, signal.SIGKILL)  # whatever is left of its own session
            self._driver.wait(20)
            self._log.close()

    def open(self, url):
        self._call("POST", self._session + "/url", {"url": url})

    def run(self, script, *arguments):
        """The value of a JavaScript expression, or of what a script returns; arguments[] are what is passed."""
        if not re.search(r"\breturn\b", script):
            script = f"return ({script})"
        return self._call("POST", self._session + "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, expression, seconds=20, what=None):
        """Until a JavaScript expression is true; returns its value."""
        deadline = time.monotonic() + seconds
        while True:
            value = self.run(expression)
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s: {what or expression}; the page says:\n" + self.run("document.body.innerText"))
            time.sleep(0.03)

    def keys(self, *keys):
        """Presses keys one after another, wherever the focus is: names of KEYS, or text."""
        actions = []
        for key in keys:
            for c in [KEYS[key]] if key in KEYS else key:
                actions += [{"type": "keyDown", "value": c}, {"type": "keyUp", "value": c}]
        self._call("POST", self._session + "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def click(self, selector):
        found = self._call("POST", self._session + "/element", {"using": "css selector", "value": selector})
        self._call("POST", f"{self._session}/element/{next(iter(found.values()))}/click", {})

    def devtools(self, command, **parameters):
        return self._call("POST", self._session + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def device(self, width, height, scale=1, dark=False):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=width < 600)
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._call("GET", self._session + "/screenshot")))

    def console(self):
        """What the console got since the last call: a list of (level, message)."""
        return [(entry["level"], entry["message"]) for entry in self._call("POST", self._session + "/se/log", {"type": "browser"})]
