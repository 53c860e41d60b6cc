"""Small stand-ins for what keeps states behind a URL: terraform's http backend protocol, plain and as GitLab has it, and
S3 with conditional writes and signatures that are checked. Each on a free port of this machine, in threads."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import urllib.parse


class Server:
    """A handler class on a free port. `faults` is asked first: a function of (method, path) that may return an action:
    a status, a status with a body, "lost" (executed, the connection closed without an answer), "refused" (closed before) or
    a function of the handler that answers."""

    def __init__(self, handler):
        self.documents, self.locks, self.log = {}, {}, []
        self.faults = None
        self.mutex = threading.Lock()
        owner = self

        class Bound(handler):
            server_state = owner

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self.http.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(6, 1, 1)  # TCP_NODELAY: an answer is two writes

    def answer(self, status, body=b"", **headers):
        if self.fault == "lost":
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        state = self.server_state
        size = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(size)
        self.bare, _, query = self.path.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query))
        with state.mutex:
            state.log.append((self.command, self.path))
            self.fault = state.faults(self.command, self.bare) if state.faults else None
            if self.fault == "refused":
                self.close_connection = True
                self.connection.shutdown(2)
            elif isinstance(self.fault, int):
                self.answer(self.fault, b"<html>not now</html>")
            elif isinstance(self.fault, tuple):
                self.answer(*self.fault)
            elif callable(self.fault):
                self.fault(self)
            else:
                self.serve()

    do_GET = do_POST = do_PUT = do_DELETE = do_LOCK = do_UNLOCK = handle_any


USER, PASSWORD = "lab", "lab-password-of-the-backend"


class Terraform(Handler):
    """https://developer.hashicorp.com/terraform/language/backend/http; below /api/v4/projects/ as GitLab."""

    def serve(self):
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            return self.answer(401)
        is_gitlab = "/terraform/state/" in self.bare
        name = self.bare.removesuffix("/lock") if is_gitlab else self.bare
        is_lock = self.bare.endswith("/lock") if is_gitlab else self.command in ("LOCK", "UNLOCK")
        if is_lock and self.command in ("LOCK", "POST"):
            return self.lock(name, is_gitlab)
        if is_lock and self.command in ("UNLOCK", "DELETE"):
            return self.unlock(name, is_gitlab)
        if self.command == "GET":
            found = self.server_state.documents.get(name)
            return self.answer(200, found) if found else self.answer(404 if is_gitlab else 204)
        if self.command == "POST":
            return self.write(name, is_gitlab)
        return self.answer(405)

    def lock(self, name, is_gitlab):
        held = self.server_state.locks.get(name)
        info = json.loads(self.body)
        if held and is_gitlab:
            # GitLab keeps a lock's ID, user and time: the rest of its answer is of who asks.
            return self.answer(409, json.dumps({**info, **{k: held[k] for k in ("ID", "Created")}, "Who": "root"}).encode())
        if held:
            return self.answer(423, json.dumps(held).encode())
        self.server_state.locks[name] = info
        self.answer(200)

    def unlock(self, name, is_gitlab):
        held = self.server_state.locks.get(name)
        wanted = self.query.get("ID") or json.loads(self.body or b"{}").get("ID")
        if (held or is_gitlab) and (held or {}).get("ID") != wanted:
            return self.answer(409, json.dumps(held).encode())
        self.server_state.locks.pop(name, None)
        self.answer(200)

    def write(self, name, is_gitlab):
        held = self.server_state.locks.get(name)
        if (held or is_gitlab) and (held or {}).get("ID") != self.query.get("ID"):
            return self.answer(423 if not is_gitlab else 409, json.dumps(held).encode())
        document = json.loads(self.body)
        present = self.server_state.documents.get(name)
        # A version of each serial, once: what is sent again is refused, too.
        if is_gitlab and present and json.loads(present)["serial"] >= document["serial"]:
            return self.answer(422, b'{"message": "duplicate key value violates unique constraint"}')
        self.server_state.documents[name] = self.body
        self.answer(200)


KEY, SECRET, REGION = "LABACCESSKEY", "lab-secret-of-s3/with+signs", "eu-test-1"


class S3(Handler):
    """PUT with If-Match and If-None-Match, GET; every request's SigV4 is verified."""

    def signature(self):
        """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""
        given = self.headers.get("Authorization", "")
        scheme, _, rest = given.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        names = parts["SignedHeaders"].split(";")
        key, date, region, service, _ = parts["Credential"].split("/")
        assert (scheme, key, region, service) == ("AWS4-HMAC-SHA256", KEY, REGION, "s3"), given
        payload = self.headers.get("x-amz-content-sha256") or hashlib.sha256(self.body).hexdigest()
        assert payload in (hashlib.sha256(self.body).hexdigest(), "UNSIGNED-PAYLOAD"), payload
        query = "&".join(f"{k}={v}" for k, v in sorted(self.query.items()))
        headers = "".join(f"{name}:{' '.join(self.headers[name].split())}\n" for name in names)
        canonical = "\n".join([self.command, self.bare, query, headers, ";".join(names), payload])
        scope = f"{date}/{region}/{service}/aws4_request"
        text = "\n".join([scheme, self.headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
        secret = ("AWS4" + SECRET).encode()
        for part in (date, region, service, "aws4_request"):
            secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
        return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest() == parts["Signature"]

    def serve(self):
        try:
            is_signed = self.signature()
        except (AssertionError, KeyError, ValueError, AttributeError):
            is_signed = False
        if not is_signed:
            return self.answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        present = self.server_state.documents.get(self.bare)
        etag = f'"{hashlib.md5(present).hexdigest()}"' if present is not None else None
        if self.command == "GET":
            return self.answer(200, present, ETag=etag) if present is not None else self.answer(404)
        if self.command == "DELETE":
            self.server_state.documents.pop(self.bare, None)
            return self.answer(204)
        if self.command != "PUT":
            return self.answer(405)
        if self.headers.get("If-None-Match") == "*" and present is not None:
            return self.answer(412)
        wanted = self.headers.get("If-Match")
        if wanted and wanted != etag:
            return self.answer(412 if present is not None else 404)
        if not wanted and not self.headers.get("If-None-Match"):
            return self.answer(400)
        self.server_state.documents[self.bare] = self.body
        self.answer(200, ETag=f'"{hashlib.md5(self.body).hexdigest()}"')
