"""Walks the configurations of a page with each proxy that it describes, on loopback.

usage: proxies.py GATEHOUSE PAGE [NAME ...]

Each proxy serves first a program that repeats what it received, and then Gatehouse.
"""

import contextlib
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

# The client's address: another one than that of the proxy, as it is on a network.
CLIENT = "127.0.0.2"


class Proxy:
    """A proxy with the configuration of the page, changed only in its ports, names and files."""

    def __init__(self, name: str, block: str, folder: Path, port: int, backend: int) -> None:
        self.name = name
        self.port = port
        self.folder = folder
        changes = {
            "/etc/ssl/auth.example.org/fullchain.pem": str(folder / "c.pem"),
            "/etc/ssl/auth.example.org/key.pem": str(folder / "k.pem"),
            "/etc/haproxy/auth.example.org.pem": str(folder / "both.pem"),
            "127.0.0.1:8080": f"127.0.0.1:{backend}",
            "*:443": f"127.0.0.1:{port}",
            "bind :443": f"bind 127.0.0.1:{port}",
            "listen 443": f"listen 127.0.0.1:{port}",
        }
        for old, new in changes.items():
            block = block.replace(old, new)
        self.block = block.replace("auth.example.org", "localhost")

    def command(self) -> list[str]:
        folder = self.folder
        file = folder / f"{self.name}.conf"
        if self.name == "nginx":
            folders = "\n".join(
                f"{part}_temp_path {folder}/{part};" for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
            file.write_text(
                f"daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}}\n"
                f"http {{ access_log off; {folders}\n{self.block} }}\n"
            )
            return ["nginx", "-p", str(folder), "-c", str(file), "-e", "stderr"]
        if self.name == "apache":
            modules = ["mpm_event", "authz_core", "ssl", "socache_shmcb", "proxy", "proxy_http"]
            loads = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in modules)
            file.write_text(
                f"{loads}\nServerRoot {folder}\nServerName localhost\nPidFile {folder}/apache.pid\n"
                f"DefaultRuntimeDir {folder}\nUser www-data\nGroup www-data\n"
                f"ErrorLog /dev/stderr\nListen 127.0.0.1:{self.port}\n{self.block}\n"
            )
            return ["apache2", "-f", str(file), "-DFOREGROUND"]
        if self.name == "haproxy":
            file.write_text(self.block)
            return ["haproxy", "-f", str(file)]
        # The certificate is the one thing that Caddy cannot obtain here.
        block = self.block.replace("localhost {", f"localhost:{self.port} {{\n    tls {folder}/c.pem {folder}/k.pem", 1)
        file.write_text("{\n    admin off\n    auto_https disable_redirects\n}\n" + block)
        return ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"]


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it received; `/slow` after the longest wait of an MCP server."""

    # A connection that the proxy kept would go on leading here when Gatehouse listens.
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(31)
        answer = {"target": self.path, "host": self.headers.get_all("Host"), "for": self.headers.get_all("X-Forwarded-For")}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path, environment: dict[str, str]) -> Iterator[None]:
    """Runs a program until the block ends, from when it listens at a port."""
    with log.open("wb") as output:
        child = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        for _ in range(600):
            if child.poll() is not None:
                sys.exit(f"{command[0]} ended: {log.read_text()}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        else:
            sys.exit(f"{command[0]} does not listen at {port}: {log.read_text()}")
        yield
    finally:
        child.terminate()
        child.wait(60)


def get(proxy: Proxy, target: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], str]:
    trust = ssl.create_default_context(cafile=proxy.folder / "ca.pem")
    link = http.client.HTTPSConnection("localhost", proxy.port, timeout=60, context=trust, source_address=(CLIENT, 0))
    link.request("GET", target, headers=headers or {})
    answer = link.getresponse()
    text = answer.read().decode()
    link.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text


def certificates(folder: Path) -> None:
    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    openssl(*"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=trial".split(),
            "-keyout", "ca-key.pem", "-out", "ca.pem")
    openssl(*"req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout k.pem -out r.pem".split())
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    openssl(*"x509 -req -in r.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile names -out c.pem".split())
    (folder / "both.pem").write_text((folder / "c.pem").read_text() + (folder / "k.pem").read_text())


def expect(proxy: Proxy, what: str, holds: bool, found: object = "") -> None:
    if not holds:
        sys.exit(f"{proxy.name}: {what} does not hold: {found}")
    print(f"{proxy.name}: {what}", flush=True)


def try_echo(proxy: Proxy, backend: int) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", backend), Echo)
    # A proxy may drop a connection that it keeps for later.
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    slow: list[int] = []
    waiting = threading.Thread(target=lambda: slow.append(get(proxy, "/slow")[0]))
    waiting.start()
    target = "/a%2Fb%20c//d?x=%2F&y=%25"
    seen = json.loads(get(proxy, target, {"X-Forwarded-For": "203.0.113.9"})[2])
    expect(proxy, "the Host arrives with its port", seen["host"] == [f"localhost:{proxy.port}"], seen)
    expect(proxy, "the path arrives as it was sent", seen["target"] == target, seen)
    hops = [hop.strip() for line in seen["for"] or [] for hop in line.split(",")]
    expect(proxy, "the client's address is appended to what it invented", hops[-1:] == [CLIENT], seen)
    waiting.join()
    expect(proxy, "a request that waits 31 seconds is answered", slow == [200], slow)
    server.shutdown()
    server.server_close()


def try_gatehouse(proxy: Proxy, gatehouse: str, backend: int) -> None:
    operations = free_port()
    issuer = f"https://localhost:{proxy.port}"
    file = proxy.folder / "gatehouse.yaml"
    file.write_text(
        f"issuer: {issuer}\nlisten: 127.0.0.1:{backend}\noperations: {{ listen: 127.0.0.1:{operations} }}\n"
        f"data: var\nkeys: keys\nadmin: {{ socket: socket/gatehouse.sock }}\n"
        f"proxies: [127.0.0.1]\noutbound: {{ trust: [ca.pem] }}\n"
    )

    def run(*arguments: str) -> str:
        done = subprocess.run([gatehouse, *arguments, "--config", str(file)], capture_output=True, text=True)
        return done.stdout + done.stderr

    with running([gatehouse, "serve", "--config", str(file)], operations, proxy.folder / "gatehouse.log", {}):
        metadata = json.loads(get(proxy, "/.well-known/oauth-authorization-server")[2])
        expect(proxy, "the issuer publishes its metadata", metadata.get("issuer") == issuer, metadata)
        foreign = get(proxy, "/.well-known/oauth-authorization-server", {"Host": "evil.example"})
        expect(proxy, "a foreign Host gets no metadata", issuer not in foreign[2], foreign)
        doctor = run("doctor")
        expect(proxy, "doctor sees the trusted proxy", "through the trusted proxy 127.0.0.1" in doctor, doctor)
        run("resources", "add", "https://notes.example/mcp", "--name", "Notes", "--owner", "Grace Hopper")
        client = json.loads(run("clients", "add", "--name", "App", "--redirect-uri", "https://app.example/cb", "--json"))
        query = urllib.parse.urlencode({
            "response_type": "token", "client_id": client["client_id"], "redirect_uri": "https://app.example/cb",
            "state": "a" * 4096,
        })
        status, fields, text = get(proxy, f"/authorize?{query}")
        location = urllib.parse.urlsplit(fields.get("location", ""))
        states = urllib.parse.parse_qs(location.query).get("state", [])
        expect(proxy, "a redirect with a long state arrives", states == ["a" * 4096], (status, str(fields)[:300], text[:300]))


def main(gatehouse: str, page: str, names: list[str]) -> None:
    text = Path(page).read_text()
    for name in names or ["nginx", "apache", "haproxy", "caddy"]:
        block = re.search(rf"```{name}\n(.*?)```", text, re.DOTALL)
        if block is None:
            sys.exit(f"{page} has no configuration of {name}")
        folder = Path(tempfile.mkdtemp(prefix="gh-"))
        try:
            certificates(folder)
            backend = free_port()
            proxy = Proxy(name, block[1], folder, free_port(), backend)
            environment = os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
            with running(proxy.command(), proxy.port, folder / "proxy.log", environment):
                try_echo(proxy, backend)
                try_gatehouse(proxy, gatehouse, backend)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
