"""A client of the gRPC API, with stubs that protoc makes of proto/."""

import atexit
import importlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import google
import grpc
from google.protobuf import json_format, symbol_database

from .server import SOURCE

PLUGIN = shutil.which("grpc_python_plugin")
NATIVE = sorted(path.stem for path in (SOURCE / "proto/allauth/v1").glob("*.proto"))


def _make_stubs():
    """The stubs of every file, where Python finds them: two of the packages have the names of libraries."""
    folder = tempfile.mkdtemp(prefix="allauth-stubs-")
    atexit.register(shutil.rmtree, folder, True)
    proto = SOURCE / "proto"
    files = sorted(str(path.relative_to(proto)) for path in proto.rglob("*.proto"))
    subprocess.run(["protoc", f"-I{proto}", f"--plugin=protoc-gen-grpc_python={PLUGIN}", f"--python_out={folder}",
                    f"--grpc_python_out={folder}", *files], check=True)
    sys.path.insert(0, folder)
    grpc.__path__.append(str(Path(folder, "grpc")))
    google.__path__.append(str(Path(folder, "google")))


_make_stubs()
_symbols = symbol_database.Default()
options = importlib.import_module("allauth.v1.options_pb2")
health = importlib.import_module("grpc.health.v1.health_pb2")
health_stubs = importlib.import_module("grpc.health.v1.health_pb2_grpc")
reflection = importlib.import_module("grpc.reflection.v1.reflection_pb2")
reflection_stubs = importlib.import_module("grpc.reflection.v1.reflection_pb2_grpc")
reflection_alpha = importlib.import_module("grpc.reflection.v1alpha.reflection_pb2")
reflection_alpha_stubs = importlib.import_module("grpc.reflection.v1alpha.reflection_pb2_grpc")
rpc_status = importlib.import_module("google.rpc.status_pb2")
details = importlib.import_module("google.rpc.error_details_pb2")
for _name in NATIVE:
    importlib.import_module(f"allauth.v1.{_name}_pb2")


class Refusal:
    """How a call failed."""

    def __init__(self, error):
        self.code = error.code()
        self.message = error.details()
        self.metadata = dict(error.trailing_metadata() or ())
        self.status = rpc_status.Status.FromString(self.metadata.get("grpc-status-details-bin", b""))
        self.info = self._detail(details.ErrorInfo)
        self.wrong = self._detail(details.BadRequest)
        self.retry = self._detail(details.RetryInfo)
        self.reason = self.info.reason if self.info else None

    def _detail(self, kind):
        for detail in self.status.details:
            if detail.Is(kind.DESCRIPTOR):
                found = kind()
                detail.Unpack(found)
                return found
        return None

    def __repr__(self):
        return f"{self.code} {self.reason}: {self.message}"


class Answer:
    def __init__(self, message, call):
        self.message = message
        self.initial = dict(call.initial_metadata())
        self.trailing = dict(call.trailing_metadata())
        self.revision = self.trailing.get("allauth-revision")


def method_of(name):
    """ "UserService.GetUser" as a descriptor."""
    service, method = name.split(".")
    return _symbols.pool.FindServiceByName(f"allauth.v1.{service}").methods_by_name[method]


def prefix_of(kind):
    """What the names of an enumeration begin with: STATUS_ of Status."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.name).upper() + "_"


def _spelled(kind, value):
    """Our JSON, with enumerations as words, as that of protobuf."""
    def one(field, each):
        if field.enum_type is not None:
            return prefix_of(field.enum_type) + each.upper()
        return _spelled(field.message_type, each) if isinstance(each, dict) else each

    if kind.full_name.startswith("google."):
        return value
    fields = kind.fields_by_name
    return {name: [one(fields[name], e) for e in each] if isinstance(each, list) else one(fields[name], each)
            for name, each in value.items()}


def request_of(name, fields):
    kind = method_of(name).input_type
    return json_format.ParseDict(_spelled(kind, fields), _symbols.GetPrototype(kind)())


class Rpc:
    """Speaks for one caller: a bearer token, or nobody."""

    def __init__(self, port, token=None, credentials=None, host="127.0.0.1"):
        self.target = f"{host}:{port}"
        self.token = token
        # A connection of its own, without the proxies of the environment, and without coming back from an error by waiting.
        how = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0), ("grpc.initial_reconnect_backoff_ms", 100)]
        self.channel = (grpc.secure_channel(self.target, credentials, how) if credentials
                        else grpc.insecure_channel(self.target, how))

    def metadata(self, more=()):
        return ([("authorization", f"Bearer {self.token}")] if self.token else []) + list(more)

    def stub(self, service):
        module = method_of(f"{service}.{next(iter(self._methods(service)))}").containing_service.file.name
        stubs = importlib.import_module(module.replace("/", ".").replace(".proto", "_pb2_grpc"))
        return getattr(stubs, f"{service}Stub")(self.channel)

    @staticmethod
    def _methods(service):
        return _symbols.pool.FindServiceByName(f"allauth.v1.{service}").methods_by_name

    def must(self, name, fields=None, metadata=(), timeout=20):
        """The answer; a refusal is an error of the test."""
        service, method = name.split(".")
        message, call = getattr(self.stub(service), method).with_call(
            request_of(name, fields or {}), timeout=timeout, metadata=self.metadata(metadata))
        return Answer(message, call)

    def refused(self, name, fields=None, metadata=(), timeout=20):
        """The refusal; an answer is an error of the test."""
        try:
            answer = self.must(name, fields, metadata, timeout)
        except grpc.RpcError as error:
            return Refusal(error)
        raise AssertionError(f"{name} was answered: {answer.message}")

    def send(self, path, data, metadata=None, timeout=20):
        """Raw bytes to a method of one answer."""
        try:
            return self.channel.unary_unary(path)(data, timeout=timeout, metadata=self.metadata(metadata or ()))
        except grpc.RpcError as error:
            return Refusal(error)

    def close(self):
        self.channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
