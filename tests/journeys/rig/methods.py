"""The methods of the API, from the descriptors of proto/allauth/v1, so that a test of all of them needs no list."""

import functools
import re
import subprocess
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from .server import SOURCE

OPTIONS = "allauth.v1."


@functools.cache
def pool():
    """All descriptors, as protoc makes them."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "all"
        files = sorted(str(path.relative_to(SOURCE / "proto")) for path in (SOURCE / "proto/allauth/v1").glob("*.proto"))
        subprocess.run(["protoc", f"-I{SOURCE / 'proto'}", "--include_imports", f"--descriptor_set_out={out}", *files],
                       check=True, cwd=SOURCE / "proto")
        everything = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    made = descriptor_pool.DescriptorPool()
    for file in everything.file:
        made.Add(file)
    return made, [file.name for file in everything.file if file.name in files]


def message_class(descriptor):
    return message_factory.MessageFactory(pool()[0]).GetPrototype(descriptor)


@functools.cache
def _options_class():
    return message_class(pool()[0].FindMessageTypeByName("google.protobuf.MethodOptions"))


class Method:
    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.name = f"{descriptor.containing_service.name}.{descriptor.name}"
        self.grpc = f"/{descriptor.containing_service.full_name}/{descriptor.name}"
        self.request = descriptor.input_type
        proto = descriptor_pb2.MethodDescriptorProto()
        descriptor.CopyToProto(proto)
        self.streams = proto.server_streaming
        options = _options_class().FromString(descriptor.GetOptions().SerializeToString())
        rule = options.Extensions[pool()[0].FindExtensionByName(OPTIONS + "http")]
        self.verb = rule.WhichOneof("pattern").upper()
        self.path = getattr(rule, rule.WhichOneof("pattern"))
        self.body = rule.body
        self.public = options.Extensions[pool()[0].FindExtensionByName(OPTIONS + "public")]
        self.in_path = re.findall(r"\{(\w+)\}", self.path)

    def fields(self):
        """What a request may say; a mask is for gRPC only."""
        return [field for field in self.request.fields if field.name != "update_mask"]

    def in_query(self):
        if self.body == "*":
            return []
        return [field for field in self.fields() if field.name not in self.in_path and field.name != self.body]

    def in_body(self):
        """The fields that the JSON body has."""
        if not self.body:
            return []
        if self.body == "*":
            return [field for field in self.fields() if field.name not in self.in_path]
        return list(self.request.fields_by_name[self.body].message_type.fields)

    def __repr__(self):
        return self.name


@functools.cache
def methods():
    found = []
    for name in pool()[1]:
        for service in pool()[0].FindFileByName(name).services_by_name.values():
            found += [Method(method) for method in service.methods]
    return found
