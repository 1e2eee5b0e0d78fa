import allauth.v1.*;
import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;

/** AllAuth from Java: Client HOST:PORT EMAIL PASSWORD */
public class Client {
  private static final Metadata me = new Metadata();

  private static <S extends AbstractStub<S>> S mine(S stub) {
    return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(me));
  }

  public static void main(String[] args) throws Exception {
    ManagedChannel server = ManagedChannelBuilder.forTarget(args[0]).usePlaintext().build();
    var session = SessionServiceGrpc.newBlockingStub(server).createSession(
        CreateSessionRequest.newBuilder().setLogin(args[1]).setPassword(args[2]).build());
    me.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + session.getAccessToken());

    var domains = mine(DomainServiceGrpc.newBlockingStub(server));
    var clients = mine(ClientServiceGrpc.newBlockingStub(server));
    var channels = mine(ChannelServiceGrpc.newBlockingStub(server));
    var domain = domains.createDomain(CreateDomainRequest.newBuilder().setName("From Java").setRoute("java").build());
    var client = clients.createClient(
        CreateClientRequest.newBuilder().setDomainId(domain.getId()).setName("Thermometer").build()).getClient();
    var channel = channels.createChannel(
        CreateChannelRequest.newBuilder().setDomainId(domain.getId()).setName("Temperatures").build());
    channels.connect(ConnectRequest.newBuilder().setChannelId(channel.getId()).setClientId(client.getId())
        .addActions(ConnectionAction.CONNECTION_ACTION_PUBLISH).build());

    var answer = mine(AuthServiceGrpc.newBlockingStub(server)).check(CheckRequest.newBuilder()
        .setSubject(Ref.newBuilder().setKind("client").setId(client.getId())).setPermission("publish")
        .setObject(Ref.newBuilder().setKind("channel").setId(channel.getId())).build());
    System.out.println("allowed: " + answer.getAllowed());
    clients.listClients(ListClientsRequest.newBuilder().setDomainId(domain.getId()).build()).getClientsList()
        .forEach(each -> System.out.println("client: " + each.getName()));

    try {
      domains.createDomain(CreateDomainRequest.newBuilder().setName("Again").setRoute("java").build());
    } catch (StatusRuntimeException error) {
      for (Any detail : StatusProto.fromThrowable(error).getDetailsList())
        if (detail.is(ErrorInfo.class))
          System.out.println("refused: " + error.getStatus().getCode() + " " + detail.unpack(ErrorInfo.class).getReason());
    }
    server.shutdownNow();
  }
}
