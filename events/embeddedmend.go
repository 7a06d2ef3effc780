package events

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// runbook is where a person finds what to do about a damaged store.
const runbook = "docs/runbooks.md, A damaged store"

// consumerDirs are the directories of all consumers of the store: …/STREAM/obs/CONSUMER.
func (e *embedded) consumerDirs() ([]string, error) {
	streams := filepath.Join(e.opts.StoreDir, server.JetStreamStoreDir, server.DEFAULT_GLOBAL_ACCOUNT, "streams")
	dirs, err := fs.Glob(os.DirFS(streams), "*/obs/*")
	if err != nil {
		return nil, fmt.Errorf("look for consumers: %w", err)
	}
	for i := range dirs {
		dirs[i] = filepath.Join(streams, dirs[i])
	}
	return dirs, nil
}

// dropUnrecovered removes the consumers that the server could not recover though
// it has their stream, and tells whether there were any: their state is damaged,
// or the description of one, for which the server takes its stream out of service.
func (e *embedded) dropUnrecovered(srv *server.Server) (dropped bool, err error) {
	account, err := srv.JszAccount(&server.JSzOptions{Account: server.DEFAULT_GLOBAL_ACCOUNT, Streams: true, Consumer: true})
	if err != nil {
		return false, nil //nolint:nilerr // a store without streams yet
	}
	dirs, err := e.consumerDirs()
	if err != nil {
		return false, err
	}
	for _, dir := range dirs {
		if !hasStream(account, dir) || hasConsumer(account, dir) {
			continue
		}
		if err := e.drop(dir); err != nil {
			return dropped, err
		}
		dropped = true
	}
	return dropped, nil
}

// drop removes a consumer. It is made anew by whoever needs it, and then hands
// out again what was done before: the ledger knows it.
func (e *embedded) drop(dir string) error {
	e.log.Warn("the state of a consumer is damaged; it is made anew, and what was done is not done again", zap.String("directory", dir))
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove a damaged consumer: %w", err)
	}
	return nil
}

// tellLosses logs from which streams the server cut off what it could not read.
// The client library does not know of it, the server's API does.
func tellLosses(conn *nats.Conn, log *zap.Logger) {
	js, err := jetstream.New(conn)
	if err != nil {
		return // whoever uses it next tells
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectPatience)
	defer cancel()
	for name := range js.StreamNames(ctx).Name() {
		answer, err := conn.RequestWithContext(ctx, "$JS.API.STREAM.INFO."+name, []byte(`{"deleted_details":true}`))
		if err != nil {
			return // as above
		}
		var info struct {
			State server.StreamState `json:"state"`
		}
		if json.Unmarshal(answer.Data, &info) == nil && info.State.Lost != nil {
			log.Error("the end of a block of the store could not be read and was cut off: after a power cut what was being written, else it is damaged",
				zap.String("stream", name), zap.Uint64("bytes", info.State.Lost.Bytes), zap.String("see", runbook))
		}
	}
}

func hasStream(account *server.AccountDetail, consumerDir string) bool {
	return slices.ContainsFunc(account.Streams, func(s server.StreamDetail) bool { return s.Name == streamOf(consumerDir) })
}

func hasConsumer(account *server.AccountDetail, dir string) bool {
	return slices.ContainsFunc(account.Streams, func(s server.StreamDetail) bool {
		return s.Name == streamOf(dir) && slices.ContainsFunc(s.Consumer, func(c *server.ConsumerInfo) bool { return c.Name == filepath.Base(dir) })
	})
}

// streamOf is the stream whose consumer has this directory.
func streamOf(consumerDir string) string {
	return filepath.Base(filepath.Dir(filepath.Dir(consumerDir)))
}
