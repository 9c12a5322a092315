# SPDX-License-Identifier: Apache-2.0
"""A Redis server that plays recorded answers, for servers that are not at hand: Valkey, KeyDB, Tile38, modules, old versions.

A recording is a folder with `answers.json`: each command, as it is sent, and its answer. A text is a bulk string, a number an
integer, a list an array, null a nil, {"error": text} an error, {"status": text} a status, {"file": name} a bulk string out of a file.
"CONFIG" has all settings, of which CONFIG GET's patterns choose. What is not there is an unknown command."""

import fnmatch
import json
import os
import socket
import threading


def encode(answer):
    if answer is None:
        return b"$-1\r\n"
    if isinstance(answer, list):
        return b"*%d\r\n" % len(answer) + b"".join(map(encode, answer))
    if isinstance(answer, int):
        return b":%d\r\n" % answer
    if isinstance(answer, dict):
        return "".join(f"{'-' if kind == 'error' else '+'}{text}\r\n" for kind, text in answer.items()).encode()
    data = answer.encode()
    return b"$%d\r\n" % len(data) + data + b"\r\n"


class Recorded:
    def __init__(self, test, folder):
        self.folder = folder
        with open(os.path.join(folder, "answers.json"), encoding="utf-8") as f:
            self.answers = json.load(f)
        self.commands = []
        self.hold_until = None  # a command before which nothing is answered
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        test.addCleanup(self.socket.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                held = b""
                while head := stream.readline():
                    words = []
                    for _ in range(int(head[1:])):
                        size = int(stream.readline()[1:])
                        words.append(stream.read(size + 2)[:-2].decode())
                    self.commands.append(words)
                    held += self._answer(words)
                    if self.hold_until in (None, words):
                        self.hold_until = None
                        connection.sendall(held)
                        held = b""
            except OSError:
                pass

    def _answer(self, words):
        command = " ".join(words)
        settings = self.answers.get("CONFIG")
        if isinstance(settings, dict) and command.upper().startswith("CONFIG GET ") and "error" not in settings:
            chosen = [(k, v) for k, v in settings.items() if any(fnmatch.fnmatchcase(k, p) for p in words[2:])]
            return encode([text for pair in chosen for text in pair])
        for known, answer in self.answers.items():
            if known.upper() == command.upper() or (known.endswith(" *") and command.upper().startswith(known[:-1].upper())):
                if isinstance(answer, dict) and "file" in answer:
                    with open(os.path.join(self.folder, answer["file"]), encoding="utf-8", newline="") as f:
                        answer = f.read().replace("\n", "\r\n")
                return encode(answer)
        return encode({"error": f"ERR unknown command '{words[0]}'"})
