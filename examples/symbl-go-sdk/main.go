// Command symbl-go-sdk is code that was written against hosted Symbl with its
// Go SDK, pointed at trackerbell's engine: redirect.go is all that is new.
//
//	TRACKERBELL_ENGINE_APPID=me TRACKERBELL_ENGINE_APPSECRET=secret trackerbell engine &
//	APP_ID=me APP_SECRET=secret go run . -engine http://127.0.0.1:8090
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	async "github.com/symblai/symbl-go-sdk/pkg/api/async/v1"
	asynctypes "github.com/symblai/symbl-go-sdk/pkg/api/async/v1/interfaces"
	management "github.com/symblai/symbl-go-sdk/pkg/api/management/v1"
	managementtypes "github.com/symblai/symbl-go-sdk/pkg/api/management/v1/interfaces"
	"github.com/symblai/symbl-go-sdk/pkg/client/interfaces"
)

func main() {
	engine := flag.String("engine", "http://127.0.0.1:8090", "address of the engine")
	flag.Parse()
	creds := interfaces.Credentials{AppId: os.Getenv("APP_ID"), AppSecret: os.Getenv("APP_SECRET")}
	if err := run(context.Background(), *engine, creds, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run defines a tracker, has a call processed, prints what was found in it, and
// removes the tracker.
func run(ctx context.Context, engine string, creds interfaces.Credentials, out io.Writer) (err error) {
	client, err := connect(ctx, engine, creds)
	if err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	trackers := management.New(client)
	made, err := trackers.CreateTracker(ctx, managementtypes.TrackerRequest{
		Name: "Promotion Mention", Categories: []string{"sales"}, Languages: []string{"en-US"},
		Vocabulary: []string{"We have a sale right now", "I can offer you a discount"},
	})
	if err != nil {
		return fmt.Errorf("create the tracker: %w", err)
	}
	defer func() { err = errors.Join(err, trackers.DeleteTracker(ctx, made.Tracker.ID)) }()

	calls := async.New(client)
	job, err := calls.PostText(ctx, []string{"Hello, how can I help you?", "I can offer you a discount of 20 percent."})
	if err != nil {
		return fmt.Errorf("submit the call: %w", err)
	}
	if _, err := calls.WaitForJobComplete(ctx, asynctypes.WaitForJobStatusOpts{JobId: job.JobID}); err != nil {
		return fmt.Errorf("wait for the call: %w", err)
	}
	found, err := detected(ctx, client, job.ConversationID)
	if err != nil {
		return fmt.Errorf("get the trackers: %w", err)
	}
	for _, tracker := range found {
		for _, match := range tracker.Matches {
			for _, ref := range match.MessageRefs {
				fmt.Fprintf(out, "%s: %q in %q\n", tracker.Name, match.Value, ref.Text)
			}
		}
	}
	return nil
}
