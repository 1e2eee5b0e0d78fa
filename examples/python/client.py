"""AllAuth from Python: client.py HOST:PORT EMAIL PASSWORD"""
import sys

import grpc
from allauth.v1 import (auth_pb2, auth_pb2_grpc, channels_pb2, channels_pb2_grpc, clients_pb2, clients_pb2_grpc, common_pb2,
                        domains_pb2, domains_pb2_grpc, sessions_pb2, sessions_pb2_grpc)
from google.rpc import error_details_pb2, status_pb2

address, email, password = sys.argv[1:]
server = grpc.insecure_channel(address)
session = sessions_pb2_grpc.SessionServiceStub(server).CreateSession(
    sessions_pb2.CreateSessionRequest(login=email, password=password))
me = [("authorization", f"Bearer {session.access_token}")]

domains = domains_pb2_grpc.DomainServiceStub(server)
clients = clients_pb2_grpc.ClientServiceStub(server)
channels = channels_pb2_grpc.ChannelServiceStub(server)
domain = domains.CreateDomain(domains_pb2.CreateDomainRequest(name="From Python", route="python"), metadata=me)
client = clients.CreateClient(clients_pb2.CreateClientRequest(domain_id=domain.id, name="Thermometer"), metadata=me).client
channel = channels.CreateChannel(channels_pb2.CreateChannelRequest(domain_id=domain.id, name="Temperatures"), metadata=me)
channels.Connect(channels_pb2.ConnectRequest(channel_id=channel.id, client_id=client.id,
                                             actions=[channels_pb2.CONNECTION_ACTION_PUBLISH]), metadata=me)

answer = auth_pb2_grpc.AuthServiceStub(server).Check(auth_pb2.CheckRequest(
    subject=common_pb2.Ref(kind="client", id=client.id), permission="publish",
    object=common_pb2.Ref(kind="channel", id=channel.id)), metadata=me)
print("allowed:", answer.allowed)
for each in clients.ListClients(clients_pb2.ListClientsRequest(domain_id=domain.id), metadata=me).clients:
    print("client:", each.name)

try:
    domains.CreateDomain(domains_pb2.CreateDomainRequest(name="Again", route="python"), metadata=me)
except grpc.RpcError as error:
    details = status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"]).details
    info = error_details_pb2.ErrorInfo()
    next(detail for detail in details if detail.Is(info.DESCRIPTOR)).Unpack(info)
    print("refused:", error.code().name, info.reason)
