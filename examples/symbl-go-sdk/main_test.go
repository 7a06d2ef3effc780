package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	async "github.com/symblai/symbl-go-sdk/pkg/api/async/v1"
	asynctypes "github.com/symblai/symbl-go-sdk/pkg/api/async/v1/interfaces"
	management "github.com/symblai/symbl-go-sdk/pkg/api/management/v1"
	managementtypes "github.com/symblai/symbl-go-sdk/pkg/api/management/v1/interfaces"
	symbl "github.com/symblai/symbl-go-sdk/pkg/client"
	"github.com/symblai/symbl-go-sdk/pkg/client/interfaces"

	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

func credentials() interfaces.Credentials {
	return interfaces.Credentials{AppId: "app", AppSecret: "not-secret"}
}

// hearsASale is a recogniser that hears the same in every recording.
type hearsASale struct{}

func (hearsASale) Transcribe(_ context.Context, s engine.Speech) ([]engine.Segment, error) {
	return []engine.Segment{{End: s.Duration, Text: "We're running a sale right now."}}, nil
}

// startEngine runs an engine on a NATS of its own and gives its address.
func startEngine(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: t.TempDir(), NoSigs: true})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(s.WaitForShutdown)
	t.Cleanup(s.Shutdown)
	require.True(t, s.ReadyForConnections(10*time.Second))
	nc, err := nats.Connect("", nats.InProcessServer(s))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	downloads, err := safehttp.New(safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
	require.NoError(t, err)
	t.Cleanup(downloads.Close)
	e, err := engine.New(t.Context(), engine.Config{
		AppID: "app", AppSecret: "not-secret", Transcriber: hearsASale{}, Downloads: downloads, TempDir: t.TempDir(),
	}, js)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	web := httptest.NewServer(e.Handler())
	t.Cleanup(web.Close)
	return web.URL
}

// login is an engine and the SDK's client of it.
func login(t *testing.T) *symbl.RestClient {
	t.Helper()
	client, err := connect(t.Context(), startEngine(t), credentials())
	require.NoError(t, err)
	return client
}

// finish waits for a job as code that uses the SDK does.
func finish(t *testing.T, calls *async.Client, job *async.JobConversation, err error) {
	t.Helper()
	require.NoError(t, err)
	require.NotEmpty(t, job.JobID)
	done, err := calls.WaitForJobComplete(t.Context(), asynctypes.WaitForJobStatusOpts{JobId: job.JobID, WaitInSeconds: 1, TotalWaitInSeconds: 30})
	require.NoError(t, err)
	require.True(t, done)
}

func saleTracker(t *testing.T, client *symbl.RestClient) managementtypes.Tracker {
	t.Helper()
	made, err := management.New(client).CreateTracker(t.Context(), managementtypes.TrackerRequest{
		Name: "Sale", Categories: []string{"sales"}, Languages: []string{"en-US"}, Vocabulary: []string{"run sale", "right now"},
	})
	require.NoError(t, err)
	return made.Tracker
}

// recording is a second of noise as WAV: what is silent is not transcribed.
func recording() []byte {
	const rate = 8000
	samples := bytes.Repeat([]byte{0, 0x10, 0, 0xf0}, rate/2)
	var b bytes.Buffer
	b.WriteString("RIFF")
	header := []any{uint32(36 + len(samples)), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16), []byte("data"), uint32(len(samples))}
	for _, field := range header {
		_ = binary.Write(&b, binary.LittleEndian, field) // to memory
	}
	b.Write(samples)
	return b.Bytes()
}

func TestTheExampleFindsThePromotion(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), startEngine(t), credentials(), &out))
	require.Equal(t, `Promotion Mention: "I can offer you a discount" in "I can offer you a discount of 20 percent."`+"\n", out.String())
}

func TestAWrongSecretIsRefused(t *testing.T) {
	_, err := connect(t.Context(), startEngine(t), interfaces.Credentials{AppId: "app", AppSecret: "wrong"})
	require.Error(t, err)
}

func TestTrackersAreManaged(t *testing.T) {
	client := login(t)
	m := management.New(client)
	made := saleTracker(t, client)
	require.NotEmpty(t, made.CreatedOn)
	require.Equal(t, []string{"sales"}, made.Categories)

	changed, err := m.UpdateTracker(t.Context(), made.ID, managementtypes.UpdateTrackerRequest{TrackerArray: []managementtypes.TrackerTupleRequest{
		{Op: managementtypes.TrackerOperationReplace, Path: managementtypes.TrackerPathDescription, Value: "what is on sale"},
		{Op: managementtypes.TrackerOperationAdd, Path: managementtypes.TrackerPathVocabulary, Value: "discount"},
	}})
	require.NoError(t, err)
	require.Equal(t, "what is on sale", changed.Tracker.Description)
	require.Equal(t, []string{"run sale", "right now", "discount"}, changed.Tracker.Vocabulary)

	all, err := m.GetTrackers(t.Context())
	require.NoError(t, err)
	require.Equal(t, []managementtypes.Tracker{changed.Tracker}, all.Trackers)
	require.NoError(t, m.DeleteTracker(t.Context(), made.ID))
	all, err = m.GetTrackers(t.Context())
	require.NoError(t, err)
	require.Empty(t, all.Trackers)
	_, err = m.GetEntites(t.Context())
	require.Error(t, err, "the engine has no custom entities, and says so")
}

func TestTextIsProcessedAppendedToAndRead(t *testing.T) {
	client := login(t)
	tracker := saleTracker(t, client)
	calls := async.New(client)
	job, err := calls.PostTextWithOptions(t.Context(), asynctypes.AsyncTextRequest{Name: "call 7", Messages: []asynctypes.TextMessage{
		{
			Payload: asynctypes.Payload{Content: "We're running a sale right now."}, From: &asynctypes.From{Name: "Ann"},
			Duration: &asynctypes.Duration{StartTime: "2020-07-21T16:02:19.01Z", EndTime: "2020-07-21T16:02:24.51Z"},
		},
		{Payload: asynctypes.Payload{Content: "How much is it?"}, From: &asynctypes.From{Name: "Bob"}},
	}})
	finish(t, calls, job, err)
	again, err := calls.PostAppendText(t.Context(), job.ConversationID, []string{"Another sale."})
	finish(t, calls, again, err)
	require.Equal(t, job.ConversationID, again.ConversationID)

	messages, err := calls.GetMessages(t.Context(), job.ConversationID)
	require.NoError(t, err)
	require.Len(t, messages.Messages, 3)
	require.Equal(t, "Ann", messages.Messages[0].From.Name)
	require.Equal(t, "2020-07-21T16:02:19.010Z", messages.Messages[0].StartTime)
	members, err := calls.GetMembers(t.Context(), job.ConversationID)
	require.NoError(t, err)
	require.Len(t, members.Members, 2)
	questions, err := calls.GetQuestions(t.Context(), job.ConversationID)
	require.NoError(t, err)
	require.Equal(t, "How much is it?", questions.Questions[0].Text)
	transcript, err := calls.GetTranscript(t.Context(), job.ConversationID, asynctypes.TranscriptRequest{ContentType: "text/srt", ShowSpeakerSeparation: true})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(transcript.Transcript.Payload, "1\n00:00:00,000 --> 00:00:05,500\nAnn: We're running"), transcript.Transcript.Payload)
	conversation, err := calls.GetConversation(t.Context(), job.ConversationID)
	require.NoError(t, err)
	require.Equal(t, "call 7", conversation.Name)
	list, err := calls.GetConversations(t.Context())
	require.NoError(t, err)
	require.Len(t, list.Conversations, 1)

	_, err = calls.GetTracker(t.Context(), job.ConversationID)
	require.ErrorContains(t, err, "cannot unmarshal array", "the SDK's own fault, which detected works around")
	found, err := detected(t.Context(), client, job.ConversationID)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, tracker.ID, found[0].ID)
	require.Equal(t, "right now", found[0].Matches[1].Value)
	require.Equal(t, 21, found[0].Matches[1].MessageRefs[0].Offset)

	_, err = calls.GetTopics(t.Context(), job.ConversationID)
	require.Error(t, err, "not implemented is an error, and never an empty success")
}

// parameters are custom ones, which the SDK glues to its addresses.
func parameters(t *testing.T) context.Context {
	t.Helper()
	return interfaces.WithCustomParameters(t.Context(), map[string][]string{"name": {"N1"}, "enableAllTrackers": {"true"}})
}

func TestFilesAndAddressesAreTranscribed(t *testing.T) {
	client := login(t)
	saleTracker(t, client)
	calls := async.New(client)
	file := filepath.Join(t.TempDir(), "call.wav")
	require.NoError(t, os.WriteFile(file, recording(), 0o600))
	media := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(recording()) }))
	defer media.Close()
	options := asynctypes.AsyncURLFileRequest{
		ConfidenceThreshold: 0.6, CustomVocabulary: []string{"sale", "discount"}, LanguageCode: "en-US", Sentiment: true, Mode: "phone",
	}
	address := options
	address.URL = media.URL + "/call.wav"
	tests := map[string]func() (*async.JobConversation, error){
		"a file":                     func() (*async.JobConversation, error) { return calls.PostFile(t.Context(), file) },
		"a file with options":        func() (*async.JobConversation, error) { return calls.PostFileWithOptions(parameters(t), file, options) },
		"an address":                 func() (*async.JobConversation, error) { return calls.PostURL(t.Context(), address.URL) },
		"an address with options":    func() (*async.JobConversation, error) { return calls.PostURLWithOptions(parameters(t), address) },
		"an address taken for video": func() (*async.JobConversation, error) { return calls.PostURL(t.Context(), media.URL+"/call.m4a") },
	}
	for name, submit := range tests {
		t.Run(name, func(t *testing.T) {
			job, err := submit()
			finish(t, calls, job, err)
			found, err := detected(t.Context(), client, job.ConversationID)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Equal(t, 21, found[0].Matches[1].MessageRefs[0].Offset)
		})
	}
}
