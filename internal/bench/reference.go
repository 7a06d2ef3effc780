package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof" // its own registration is with a mux that nothing serves
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// serveNATS is the nats-server of our go.mod with a file store.
func serveNATS(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("nats", flag.ContinueOnError)
	addr := flags.String("addr", "", "listen address")
	store := flags.String("sd", "", "folder")
	always := flags.Bool("sync-always", false, "sync every write")
	profiles := flags.String("pprof", "", "listen address of its profiles")
	if err := flags.Parse(args); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(*addr)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	srv, err := server.NewServer(&server.Options{Host: host, Port: n, JetStream: true, StoreDir: *store, SyncAlways: *always, NoSigs: true, NoLog: true})
	if err != nil {
		return err
	}
	srv.Start()
	if *profiles == "" {
		<-ctx.Done()
	} else {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		err = serveHTTP(ctx, *profiles, mux)
	}
	srv.Shutdown()
	srv.WaitForShutdown()
	return err
}

// bareSubject is what the references publish to.
const bareSubject = "bare.recording"

// bare is what both references share: a verified webhook, published once.
type bare struct {
	js       jetstream.JetStream
	upstream string
	client   *http.Client
}

// bareFlags reads the flags of the references, which are the same so that
// others can stand in for them.
func bareFlags(name, kind string, args []string) (addr, natsURL, upstream string, err error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.StringVar(&addr, "addr", "", "listen address")
	flags.StringVar(&natsURL, "nats", "", "NATS server")
	flags.StringVar(&upstream, "up", "", "URL of Symbl and Slack")
	flags.String(kind, "", "the only one there is")
	return addr, natsURL, upstream, flags.Parse(args)
}

// serveCeil answers a webhook when NATS has stored it, and does nothing else.
func serveCeil(ctx context.Context, args []string) error {
	addr, natsURL, _, err := bareFlags("ceil", "mode", args)
	if err != nil {
		return err
	}
	b, err := newBare(ctx, natsURL, "")
	if err != nil {
		return err
	}
	defer b.js.Conn().Close()
	return b.serve(ctx, addr)
}

// servePipe also takes every recording to Slack: it submits, polls, fetches
// and posts, and forgets it.
func servePipe(ctx context.Context, args []string) error {
	addr, natsURL, upstream, err := bareFlags("pipe", "wait", args)
	if err != nil {
		return err
	}
	b, err := newBare(ctx, natsURL, upstream)
	if err != nil {
		return err
	}
	defer b.js.Conn().Close()
	consumer, err := b.js.CreateConsumer(ctx, "BARE", jetstream.ConsumerConfig{Durable: "pipe", AckPolicy: jetstream.AckExplicitPolicy, AckWait: 2 * time.Minute})
	if err != nil {
		return err
	}
	const workers = 64
	messages, err := consumer.Messages(jetstream.PullMaxMessages(4 * workers))
	if err != nil {
		return err
	}
	var under sync.WaitGroup
	for range workers {
		under.Go(func() { b.work(ctx, messages) })
	}
	err = b.serve(ctx, addr)
	messages.Stop()
	under.Wait()
	return err
}

func newBare(ctx context.Context, natsURL, upstream string) (*bare, error) {
	nc, err := nats.Connect(natsURL)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "BARE", Subjects: []string{"bare.>"}, Duplicates: 2 * time.Minute})
	return &bare{js, upstream, &http.Client{Timeout: startTime, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}}, err
}

// serve listens until the context ends.
func (b *bare) serve(ctx context.Context, addr string) error {
	e := echo.New()
	e.POST("/hook", b.hook)
	return serveHTTP(ctx, addr, e)
}

func serveHTTP(ctx context.Context, addr string, handler http.Handler) error {
	srv := &http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: startTime}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (b *bare) hook(c echo.Context) error {
	body, err := io.ReadAll(io.LimitReader(c.Request().Body, 1<<16))
	if err != nil || !hmac.Equal([]byte(plainSignature(body)), []byte(c.Request().Header.Get("X-Signature"))) {
		return c.NoContent(http.StatusUnauthorized)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return c.NoContent(http.StatusBadRequest)
	}
	if _, err := b.js.Publish(c.Request().Context(), bareSubject, body, jetstream.WithMsgID(form.Get("RecordingSid"))); err != nil {
		return c.NoContent(http.StatusServiceUnavailable)
	}
	return c.NoContent(http.StatusAccepted)
}

// work takes recordings to Slack until there are no more messages.
func (b *bare) work(ctx context.Context, messages jetstream.MessagesContext) {
	for {
		m, err := messages.Next()
		if err != nil {
			return
		}
		if err := b.carry(ctx, m.Data()); err != nil {
			_ = m.NakWithDelay(time.Second) // it comes again anyhow
			continue
		}
		_ = m.Ack() // else it comes again, and is counted as posted twice
	}
}

// carry takes one recording to Slack.
func (b *bare) carry(ctx context.Context, body []byte) error {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return err
	}
	var job struct{ ConversationID, JobID, Status string }
	submit := map[string]string{"url": form.Get("RecordingUrl"), "name": form.Get("RecordingSid")}
	if err := b.call(ctx, http.MethodPost, "/v1/process/audio/url", submit, &job); err != nil {
		return err
	}
	for job.Status != "completed" {
		if err := b.call(ctx, http.MethodGet, "/v1/job/"+job.JobID, nil, &job); err != nil {
			return err
		}
	}
	var found []struct{ Name string }
	if err := b.call(ctx, http.MethodGet, "/v1/conversations/"+job.ConversationID+"/trackers", nil, &found); err != nil {
		return err
	}
	text := map[string]string{"channel": "#alerts", "text": fmt.Sprint("Recording ", form.Get("RecordingSid"), ": ", found)}
	return b.call(ctx, http.MethodPost, "/api/chat.postMessage", text, &struct{}{})
}

// call makes one call of JSON in, if there is something, and out.
func (b *bare) call(ctx context.Context, method, path string, in map[string]string, out any) error {
	body := io.Reader(http.NoBody)
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, b.upstream+path, body) //nolint:gosec // the upstream is ours
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := b.client.Do(req) //nolint:gosec // the upstream is ours
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s", path, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(out)
}
