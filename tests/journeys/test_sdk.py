"""What clients are made of: stubs that each language's own generator makes of the released .proto files. The clients
themselves are those of examples/, which docs/sdk.md shows."""

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from rig.server import SOURCE, find_binary
from rig.site import ADMIN_PASSWORD
from rig.toolbox import build, fetched, run

EXAMPLES = SOURCE / "examples"
SAID = ["allowed: true", "client: thermometer", "refused: alreadyexists route.taken"]


@pytest.fixture(scope="module")
def site_options():
    return {"with_broker": False}


@pytest.fixture(scope="module")
def protos(tmp_path_factory):
    """As they are released."""
    of = Path(find_binary()).resolve().parents[2]
    if of.parent != SOURCE / "build":
        pytest.skip(f"{find_binary()} is not of a build of this tree")
    folder = tmp_path_factory.mktemp("released")
    run(SOURCE / "script/artefacts", of.name, folder)
    with tarfile.open(next(folder.glob("allauth-protos-*.tar.gz"))) as archive:
        archive.extractall(folder / "protos")
    return folder / "protos"


@pytest.fixture
def who(site):
    return [f"127.0.0.1:{site.server.grpc}", site.admin_email, ADMIN_PASSWORD]


def said(text):
    """Each library spells the codes in its own way."""
    return [re.sub(r"_", "", line).lower() if line.startswith("refused") else line.lower() for line in text.splitlines()]


def check(text):
    assert said(text) == SAID, text


def need(program):
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}")


def files(protos, *parts):
    return sorted(str(file.relative_to(protos)) for part in parts for file in (protos / part).glob("*.proto"))


def test_a_client_in_python(protos, who, tmp_path):
    run("protoc", f"-I{protos}", f"--plugin=protoc-gen-grpc_python={shutil.which('grpc_python_plugin')}",
        f"--python_out={tmp_path}", f"--grpc_python_out={tmp_path}", *files(protos, "allauth/v1", "google/rpc"))
    # google.rpc is beside google.protobuf, which another package has.
    (tmp_path / "google/__init__.py").write_text("__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n")
    check(run("/usr/bin/python3", EXAMPLES / "python/client.py", *who, env={"PYTHONPATH": tmp_path}))


def test_a_client_in_node(protos, who):
    need("node")
    need("npm")
    folder = fetched("node", ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", ".",
                              "@grpc/grpc-js", "@grpc/proto-loader", "protobufjs"])
    check(run("node", EXAMPLES / "node/client.js", protos, *who, env={"NODE_PATH": folder / "node_modules"}))


def go_version():
    found = re.search(r"go(\d+)\.(\d+)", subprocess.run(["go", "version"], capture_output=True, text=True, check=True).stdout)
    return tuple(map(int, found.groups()))


def test_a_client_in_go(protos, who):
    need("go")
    if go_version() < (1, 24):
        pytest.skip(f"go is {go_version()}, and 1.24 is needed")
    plugins = ["google.golang.org/protobuf/cmd/protoc-gen-go@latest", "google.golang.org/grpc/cmd/protoc-gen-go-grpc@latest"]
    modules = ["google.golang.org/grpc@latest", "google.golang.org/genproto/googleapis/rpc@latest"]
    folder = fetched("go", *(["env", "GOBIN=" + str(SOURCE / "build/tools/go/bin"), "go", "install", plugin] for plugin in plugins),
                     ["sh", "-c", "test -f go.mod || go mod init example.com/client"], ["go", "get", *modules])
    run("protoc", f"-I{protos}", f"--plugin={folder}/bin/protoc-gen-go", f"--plugin={folder}/bin/protoc-gen-go-grpc",
        f"--go_out={folder}", "--go_opt=paths=source_relative", f"--go-grpc_out={folder}", "--go-grpc_opt=paths=source_relative",
        *files(protos, "allauth/v1"))
    shutil.copy(EXAMPLES / "go/main.go", folder)
    build("go", "mod", "tidy", cwd=folder)
    build("go", "build", "-o", "client", ".", cwd=folder)
    check(run(folder / "client", *who))


def test_a_client_in_java(protos, who):
    need("mvn")
    folder = fetched("java", ["cp", "-r", str(EXAMPLES / "java/pom.xml"), "."],
                     ["mvn", "-q", "-B", f"-Dprotos={protos}", "dependency:go-offline"])
    shutil.copytree(EXAMPLES / "java", folder, dirs_exist_ok=True)
    build("mvn", "-q", "-B", f"-Dprotos={protos}", "compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath",
          cwd=folder)
    check(run("java", "-cp", f"target/classes:{(folder / 'classpath').read_text()}", "Client", *who, cwd=folder))


def test_each_file_says_where_its_stubs_go():
    for file in (SOURCE / "proto/allauth/v1").glob("*.proto"):
        for option in ('option go_package = "allauth/v1;allauthv1";', "option java_multiple_files = true;"):
            assert option in file.read_text(), f"{file.name}: {option}"
