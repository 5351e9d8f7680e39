"""The container file and the composition: what they copy is there, and they say the same as unit and sample."""

import re
import shutil
import subprocess
import tomllib

from packages import BINARY, CREDENTIALS, DATA, DEPLOY, REPO, compose, configuration, containerfile, instructions
from packages import listeners, longest_stop_s, one, unit
from support.process import binary

CARGO = tomllib.loads((REPO / "Cargo.toml").read_text())


def copies(from_build: bool) -> list[list[str]]:
    """Sources and destination of each COPY from the repository, or from the stage that builds."""
    plain = [[w for w in words if not w.startswith("--")] for words in instructions("COPY")
             if ("--from=build" in words) == from_build]
    assert plain
    return plain


def service() -> dict:
    """The one service."""
    [found] = compose()["services"].values()
    return found


def port(address: str) -> int:
    """The port of an address."""
    return int(address.rsplit(":", 1)[1])


def test_what_is_copied_in_is_a_whole_workspace_and_what_comes_out_is_put_where_it_is_taken_from(tmp_path):
    source, out = tmp_path / "src", tmp_path / "out"
    for *names, destination in copies(from_build=False):
        for here in (REPO / name for name in names):
            there = source / destination
            if here.is_dir():
                shutil.copytree(here, there, ignore=shutil.ignore_patterns("target"))
            else:
                there = there / here.name if destination.endswith("/") else there
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(here, there)
    (source / "target/dist").mkdir(parents=True)
    shutil.copy(binary(), source / "target/dist/locum")
    last = " ".join(instructions("RUN")[-1]).replace("/out", str(out))
    subprocess.run(["sh", "-euc", last], cwd=source, check=True, timeout=300)
    bill = subprocess.run([DEPLOY / "sbom"], check=True, capture_output=True, timeout=120).stdout
    assert (out / "doc/locum/sbom.cdx.json").read_bytes() == bill
    assert "OpenSSL" in (out / "doc/locum/THIRD-PARTY.txt").read_text()
    for name, _ in copies(from_build=True):
        made = out / name.removeprefix("/out/")
        assert made.is_file() or made.is_dir() and any(made.iterdir()), name


def test_a_build_gets_what_is_copied_in_and_nothing_else():
    rules = [line for line in (REPO / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    sources = [name for *names, _ in copies(from_build=False) for name in names]
    assert rules == ["*", *(f"!{name}" for name in sources), "**/target"]
    assert [name for name in sources if name.split("/")[0] in ("target", ".git") or name == "deploy"] == []


def test_the_build_is_of_the_shipped_profile_and_locked():
    built = " ".join(w for words in instructions("RUN") for w in words)
    assert "cargo build --profile dist --locked --no-default-features --package locum-server" in built
    assert "dist" in CARGO["profile"] and "target/dist/locum " in built
    server = tomllib.loads((REPO / "broker/server/Cargo.toml").read_text())
    assert "locum" in [entry["name"] for entry in server["bin"]]


def test_images_have_tags_and_one_c_library():
    build, final = (words[0] for words in instructions("FROM"))
    assert build.endswith(f":{CARGO['workspace']['package']['rust-version']}-bookworm")
    assert re.search(r"/distroless/cc-debian12:\w+$", final)
    labels = dict(word.split("=", 1) for words in instructions("LABEL") for word in words)
    assert labels["org.opencontainers.image.base.name"] == final
    assert labels["org.opencontainers.image.licenses"] == CARGO["workspace"]["package"]["license"]
    tagged = f"locum:{CARGO['workspace']['package']['version']}"
    assert service()["image"] == tagged
    pages = [DEPLOY / "Containerfile", *(REPO / "docs").rglob("*.md")]
    named = [name for page in pages for name in re.findall(r"(?:-t |--name look )(locum\S*)", page.read_text())]
    assert set(named) == {tagged}


def test_nothing_of_it_runs_in_a_shell_or_as_root():
    [user] = instructions("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user[0]) and service()["user"] == user[0]
    last = max(i for i, (name, _) in enumerate(containerfile()) if name == "FROM")
    assert "RUN" not in [name for name, _ in containerfile()[last:]]
    owned = [words[-1] for words in instructions("COPY") if f"--chown={user[0]}" in words]
    assert owned == [f"{DATA.rpartition('/')[0]}/"]
    health = instructions("HEALTHCHECK")[0]
    assert " ".join(health).find("CMD [") > 0


def test_command_lines_are_those_of_the_unit():
    [[binary]], [words] = instructions("ENTRYPOINT"), instructions("CMD")
    assert " ".join([binary, *words]) == one("ExecStart") and binary == BINARY
    assert instructions("STOPSIGNAL") == [[one("KillSignal")]]
    assert not {"command", "entrypoint", "stop_signal"} & set(service()), "the image's hold"


def test_the_health_check_asks_where_the_sample_listens():
    text = (DEPLOY / "Containerfile").read_text()
    [words] = re.findall(r"^\s+CMD (\[.*doctor.*\])$", text, re.M)
    health = service()["healthcheck"]
    assert ["CMD", *re.findall(r'"([^"]+)"', words)] == health["test"]
    assert health["test"][-1] == "http://" + listeners("container")["operations"]
    options = {f"--{k.replace('_', '-')}={v}" for k, v in health.items() if k != "test"}
    assert options == {w for w in instructions("HEALTHCHECK")[0] if w.startswith("--") and "=" in w}


def test_published_ports_are_those_that_listen_and_on_loopback_alone():
    listen = listeners("container")
    inside = {port(listen["public"]), port(listen["admin"])}
    assert {int(word) for words in instructions("EXPOSE") for word in words} == inside
    assert set(service()["ports"]) == {f"127.0.0.1:{number}:{number}" for number in inside}
    assert {name: port(a) for name, a in listen.items()} == {name: port(a) for name, a in listeners("host").items()}


def test_only_the_data_can_be_written():
    found = service()
    assert found["read_only"] is True and found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"] and "privileged" not in found
    assert all("noexec,nosuid,nodev" in entry for entry in found["tmpfs"])
    assert instructions("VOLUME") == [[configuration()["data_dir"]]] == [[DATA]]
    writable = [entry for entry in found["volumes"] if not entry.endswith(":ro")]
    assert writable == [f"{name}:{DATA}" for name in compose()["volumes"]]


def test_every_file_bound_in_is_there_or_the_operators_to_make():
    bound = [entry.split(":")[0] for entry in service()["volumes"] if entry.startswith("./")]
    made = [entry for entry in bound if not (DEPLOY / entry).exists()]
    assert made == ["./tls"] or made == []
    assert (DEPLOY / ".gitignore").read_text().split() == ["/secrets/", "/tls/"]
    build = service()["build"]
    assert (DEPLOY / build["context"]).resolve() == REPO
    assert REPO / build["dockerfile"] == DEPLOY / "Containerfile"


def test_secrets_are_files_where_the_unit_puts_them():
    ids = [value.split(":")[0] for value in unit()["LoadCredential"]]
    assert service()["secrets"] == [{"source": name, "target": f"{CREDENTIALS}/{name}"} for name in ids]
    assert compose()["secrets"] == {name: {"file": f"./secrets/{name}"} for name in ids}
    assert [name for name in service()["environment"] if name != "LOCUM_LOG"] == []


def test_a_container_is_given_longer_than_the_broker_needs_to_stop():
    assert int(service()["stop_grace_period"].removesuffix("s")) > longest_stop_s()
    assert re.fullmatch(r"[1-9]\d*g", service()["mem_limit"]) and service()["memswap_limit"] == service()["mem_limit"]
    assert service()["ulimits"] == {"core": int(one("LimitCORE")), "nofile": int(one("LimitNOFILE"))}


def test_every_file_of_the_package_that_the_docs_name_is_there():
    pages = [REPO / "README.md", *(REPO / "docs").rglob("*.md")]
    named = {name for page in pages for name in re.findall(r"\bdeploy/[\w.-]*\w", page.read_text())}
    assert "deploy/locum.service" in named
    assert [name for name in named if not (REPO / name).exists()] == []
