"""A proxy between adit and the simulator: does something just before or after a chosen call, or loses its answer."""

import http.client
import http.server
import re
import threading
import urllib.parse


class Hook:
    """What happens at the calls of a method, path and maybe body.

    before, after: functions without arguments, run once, at the first such call; lose: "request" (it does not reach the
    simulator) or "answer" (it does), as often as `times` says."""

    def __init__(self, method, path, body="", before=None, after=None, lose=None, times=1):
        self.method, self.path = method, re.compile(path)
        self.body = re.compile(body.encode())
        self.before, self.after, self.lose, self.left = before, after, lose, times

    def take(self, method, path, body):
        if not self.left or method != self.method or not self.path.search(path) or not self.body.search(body):
            return False
        self.left -= 1
        return True


class Between:
    def __init__(self, url):
        self.hooks = []
        self.lock = threading.Lock()
        upstream = urllib.parse.urlsplit(url)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler(upstream.hostname, upstream.port))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}{upstream.path}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def on(self, *arguments, **more):
        self.hooks.append(Hook(*arguments, **more))
        return self.hooks[-1]

    def find(self, method, path, body):
        with self.lock:
            return next((hook for hook in self.hooks if hook.take(method, path, body)), None)

    def handler(between, host, port):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                hook = between.find(self.command, self.path, body)
                if hook and hook.before:
                    hook.before()
                if hook and hook.lose == "request":
                    self.close_connection = True
                    return
                connection = http.client.HTTPConnection(host, port)
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")}
                connection.request(self.command, self.path, body or None, headers)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                if hook and hook.after:
                    hook.after()
                if hook and hook.lose == "answer":
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward

            def log_message(self, *_):
                pass

        return Handler
