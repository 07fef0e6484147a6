"""A hub of one model that answers as the Hugging Face hub does, and a web server of a folder."""

import hashlib
import json
import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "a" * 40


class Hub(BaseHTTPRequestHandler):
    """Serves one repository, org/tiny, at one commit, with the addresses and headers of the Hugging Face hub: large files are
    elsewhere, and the listing has their checksums."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self):
        self.server.requests.append((self.path, self.headers.get("Authorization")))
        path = self.path.partition("?")[0]
        if path == f"/api/models/org/tiny/tree/{COMMIT}":
            return self.reply(200, json.dumps(list(map(describe, self.server.folder.iterdir()))).encode())
        if path.startswith("/elsewhere/"):
            return self.reply(200, (self.server.folder / path.rpartition("/")[2]).read_bytes())
        name = path.removeprefix(f"/org/tiny/resolve/{COMMIT}/")
        if name == path or not (self.server.folder / name).is_file():
            return self.reply(404, b"not found", X_Error_Code="EntryNotFound")
        if is_large(name):
            return self.reply(302, Location=f"/elsewhere/{name}")
        return self.reply(200, (self.server.folder / name).read_bytes())

    do_HEAD = do_GET


def is_large(name):
    return name.endswith((".safetensors", ".bin"))


def describe(path):
    """What the hub's listing says of a file."""
    body = path.read_bytes()
    entry = {"type": "file", "oid": hashlib.sha1(body).hexdigest(), "size": len(body), "path": path.name}
    if is_large(path.name):
        entry["lfs"] = {"oid": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 134}
    return entry


@contextmanager
def running(handler, folder):
    """A server on this machine, in a thread: `server.base` is its address, `server.requests` what it was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.folder, server.requests, server.base = folder, [], f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def hub_of(folder):
    """A running hub whose one model is that of the folder."""
    return running(Hub, folder)


class Files(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def site_of(folder):
    """A running web server of the files in a folder."""
    return running(partial(Files, directory=folder), folder)
