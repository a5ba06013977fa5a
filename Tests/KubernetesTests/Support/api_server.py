"""An API server for the tests: serves the objects of a kubectl file over HTTPS, page by page, and fails where it is told to.

Prints its port when it listens. Makes its certificates in --folder: ca.crt, server.crt, client.crt and their keys.
"""

import argparse
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import urllib.parse

PATHS = {
    "/api/v1/services": "Service",
    "/api/v1/endpoints": "Endpoints",
    "/apis/discovery.k8s.io/v1/endpointslices": "EndpointSlice",
    "/api/v1/pods": "Pod",
    "/api/v1/nodes": "Node",
}


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_certificates(folder, names):
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=test authority", "-days", "2")
    for name, extension in (("server", "subjectAltName=" + names), ("client", "extendedKeyUsage=clientAuth")):
        with open(os.path.join(folder, name + ".ext"), "w") as file:
            file.write(extension + "\n")
        openssl(folder, "req", *key, "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + name)
        openssl(folder, "x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", name + ".crt", "-days", "2", "-extfile", name + ".ext")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        options = self.server.options
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        with self.server.lock, open(os.path.join(options.folder, "requests"), "a") as log:
            log.write(json.dumps({"path": self.path, "headers": dict(self.headers)}) + "\n")
        path = url.path.removeprefix(options.prefix)
        kind = PATHS.get(path)
        resource = path.rsplit("/", 1)[-1]
        if not url.path.startswith(options.prefix) or kind is None or resource in options.absent:
            return self.refuse(404, "the server could not find the requested resource")
        if options.token and self.headers.get("Authorization") != "Bearer " + options.token:
            return self.refuse(401, "Unauthorized")
        if resource in options.forbid:
            return self.refuse(403, f'{resource} is forbidden: User "test" cannot list resource "{resource}"')
        if resource in options.hang:
            return threading.Event().wait()
        if resource in options.garbage:
            return self.answer(200, b"<html><body>Sign in</body></html>", "text/html")
        start = int(query.get("continue", ["0"])[0].split("/")[-1])
        if start and resource in options.gone:
            return self.refuse(410, "The provided continue parameter is too old", "Expired")
        self.list(kind, resource, start, min(options.page_size, int(query["limit"][0])))

    def list(self, kind, resource, start, size):
        items = [item for item in self.server.items if item["kind"] == kind]
        page = [{key: value for key, value in item.items() if key not in ("kind", "apiVersion")} for item in items[start:start + size]]
        metadata = {"resourceVersion": "1"}
        if start + size < len(items):
            metadata["continue"] = f"a+b&c/{start + size}"  # what must be escaped in a query
        body = json.dumps({"kind": kind + "List", "apiVersion": "v1", "metadata": metadata, "items": page}).encode()
        self.answer(200, body, truncated=resource in self.server.options.truncate)

    def refuse(self, code, message, reason=""):
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason, "code": code}
        self.answer(code, json.dumps(status).encode())

    def answer(self, code, body, content="application/json", truncated=False):
        self.send_response(code)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:-20] if truncated else body)
        self.close_connection = truncated


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # handshakes that fail are what some tests are about


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--objects", required=True)
    parser.add_argument("--names", default="IP:127.0.0.1")
    parser.add_argument("--token", default="")
    parser.add_argument("--prefix", default="")
    parser.add_argument("--page-size", type=int, default=500)
    parser.add_argument("--client-certificate", action="store_true")
    for failure in ("absent", "forbid", "hang", "garbage", "gone", "truncate"):
        parser.add_argument("--" + failure, nargs="*", default=[])
    options = parser.parse_args()
    make_certificates(options.folder, options.names)
    place = lambda name: os.path.join(options.folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place("server.crt"), place("server.key"))
    if options.client_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(place("ca.crt"))
    server = Server(("127.0.0.1", 0), Handler)
    server.options = options
    server.lock = threading.Lock()
    with open(options.objects) as file:
        server.items = json.load(file)["items"]
    # The handshake is made by each connection's own thread, at its first read.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()  # the test's end closes it


main()
