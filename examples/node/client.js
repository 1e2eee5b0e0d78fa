// AllAuth from Node: client.js PROTOS HOST:PORT EMAIL PASSWORD
const { join } = require("path");
const { promisify } = require("util");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");
const protobuf = require("protobufjs");

const [protos, address, email, password] = process.argv.slice(2);
const files = ["auth", "channels", "clients", "domains", "sessions"].map((name) => `allauth/v1/${name}.proto`);
const { v1 } = grpc.loadPackageDefinition(loader.loadSync(files, { includeDirs: [protos], keepCase: true, enums: String })).allauth;
const rich = new protobuf.Root();
rich.resolvePath = (_, file) => file.startsWith("google/protobuf/") ? file : join(protos, file);
rich.loadSync(["google/rpc/status.proto", "google/rpc/error_details.proto"]);

// call(stub, "Method", request): a promise.
const me = new grpc.Metadata();
const call = (stub, method, request) => promisify(stub[method].bind(stub))(request, me);
const stub = (service) => new v1[service](address, grpc.credentials.createInsecure());

function reasonOf(error) {
  const status = rich.lookupType("google.rpc.Status").decode(error.metadata.get("grpc-status-details-bin")[0]);
  const info = status.details.find((detail) => detail.type_url.endsWith("/google.rpc.ErrorInfo"));
  return rich.lookupType("google.rpc.ErrorInfo").decode(info.value).reason;
}

async function main() {
  const session = await call(stub("SessionService"), "CreateSession", { login: email, password });
  me.set("authorization", `Bearer ${session.access_token}`);

  const domains = stub("DomainService"), clients = stub("ClientService"), channels = stub("ChannelService");
  const domain = await call(domains, "CreateDomain", { name: "From Node", route: "node" });
  const { client } = await call(clients, "CreateClient", { domain_id: domain.id, name: "Thermometer" });
  const channel = await call(channels, "CreateChannel", { domain_id: domain.id, name: "Temperatures" });
  await call(channels, "Connect", { channel_id: channel.id, client_id: client.id, actions: ["CONNECTION_ACTION_PUBLISH"] });

  const answer = await call(stub("AuthService"), "Check", {
    subject: { kind: "client", id: client.id }, permission: "publish", object: { kind: "channel", id: channel.id } });
  console.log("allowed:", answer.allowed);
  for (const each of (await call(clients, "ListClients", { domain_id: domain.id })).clients) console.log("client:", each.name);

  await call(domains, "CreateDomain", { name: "Again", route: "node" })
    .catch((error) => console.log("refused:", grpc.status[error.code], reasonOf(error)));
}

main().catch((error) => { console.error(error); process.exit(1); });
