// AllAuth from Go: client HOST:PORT EMAIL PASSWORD
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "example.com/client/allauth/v1"
)

func must[T any](answer T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return answer
}

func main() {
	server := must(grpc.NewClient("passthrough:///"+os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer server.Close()
	ctx := context.Background()
	session := must(pb.NewSessionServiceClient(server).CreateSession(ctx,
		&pb.CreateSessionRequest{Login: os.Args[2], Password: os.Args[3]}))
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+session.AccessToken)

	domains, clients, channels := pb.NewDomainServiceClient(server), pb.NewClientServiceClient(server), pb.NewChannelServiceClient(server)
	domain := must(domains.CreateDomain(ctx, &pb.CreateDomainRequest{Name: "From Go", Route: "from-go"}))
	client := must(clients.CreateClient(ctx, &pb.CreateClientRequest{DomainId: domain.Id, Name: "Thermometer"})).Client
	channel := must(channels.CreateChannel(ctx, &pb.CreateChannelRequest{DomainId: domain.Id, Name: "Temperatures"}))
	must(channels.Connect(ctx, &pb.ConnectRequest{ChannelId: channel.Id, ClientId: client.Id,
		Actions: []pb.ConnectionAction{pb.ConnectionAction_CONNECTION_ACTION_PUBLISH}}))

	answer := must(pb.NewAuthServiceClient(server).Check(ctx, &pb.CheckRequest{
		Subject: &pb.Ref{Kind: "client", Id: client.Id}, Permission: "publish", Object: &pb.Ref{Kind: "channel", Id: channel.Id}}))
	fmt.Println("allowed:", answer.Allowed)
	for _, each := range must(clients.ListClients(ctx, &pb.ListClientsRequest{DomainId: domain.Id})).Clients {
		fmt.Println("client:", each.Name)
	}

	_, err := domains.CreateDomain(ctx, &pb.CreateDomainRequest{Name: "Again", Route: "from-go"})
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			fmt.Println("refused:", status.Code(err), info.Reason)
		}
	}
}
