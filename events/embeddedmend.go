package events

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/datadir"
)

// runbook is where a person finds what to do about a damaged store.
const runbook = "docs/runbooks.md, A damaged store"

// setAside is where what was taken out of the store is kept, beside it: the last
// of each consumer.
const setAside = "set-aside"

// consumerDir is where a consumer is stored: …/streams/STREAM/obs/CONSUMER.
type consumerDir string

func (d consumerDir) stream() string { return filepath.Base(d.streamDir()) }
func (d consumerDir) name() string   { return filepath.Base(string(d)) }
func (d consumerDir) streamDir() string {
	return filepath.Dir(filepath.Dir(string(d)))
}

// consumerDirs are those of the streams whose description the server understands.
// The others it makes anew, or takes out of service: a later NATS wrote them.
func (e *embedded) consumerDirs() ([]consumerDir, error) {
	streams := filepath.Join(e.opts.StoreDir, server.JetStreamStoreDir, server.DEFAULT_GLOBAL_ACCOUNT, "streams")
	found, err := fs.Glob(os.DirFS(streams), "*/obs/*")
	if err != nil {
		return nil, fmt.Errorf("look for consumers: %w", err)
	}
	var dirs []consumerDir
	for _, f := range found {
		dir := consumerDir(filepath.Join(streams, f))
		if at, err := os.Stat(string(dir)); err != nil || !at.IsDir() {
			continue // not the server's
		}
		var info server.FileStreamInfo
		good, err := understood(dir.streamDir(), &info, &info.Metadata)
		if err != nil {
			return nil, err
		}
		if good {
			dirs = append(dirs, dir)
		}
	}
	return dirs, nil
}

// understood tells whether the server knows all of a description, and reads it
// into info, whose metadata is given. An error is one of the disk.
func understood[T any](dir string, info *T, metadata *map[string]string) (bool, error) {
	raw, err := os.ReadFile(filepath.Join(dir, server.JetStreamMetaFile))
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, server.JetStreamMetaFileSum))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, datadir.Explain(err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields() // as the server does
	badly := dec.Decode(info)
	level, notNumber := strconv.Atoi(cmp.Or((*metadata)[server.JSRequiredLevelMetadataKey], "0"))
	return badly == nil && notNumber == nil && level <= server.JSApiLevel, nil
}

// dropUnreadable removes the consumers whose description is damaged, before the
// server takes their streams out of service for them.
func (e *embedded) dropUnreadable() error {
	dirs, err := e.consumerDirs()
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		var info server.FileConsumerInfo
		good, err := understood(string(dir), &info, &info.Metadata)
		if err == nil && !good {
			err = e.drop(dir)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settle removes the consumers that srv could not recover though it has their
// stream: their state is damaged. What the disk only once did not give is there
// after another start. It returns the server that runs then; none with an error.
func (e *embedded) settle(srv *server.Server) (*server.Server, error) {
	for try := 0; ; try++ {
		dirs, err := e.unrecovered(srv)
		if err == nil && len(dirs) == 0 {
			return srv, nil
		}
		end(srv)
		if err == nil && try > 0 {
			for _, dir := range dirs {
				err = errors.Join(err, e.drop(dir))
			}
		}
		if err != nil {
			return nil, err
		}
		if srv, err = e.launch(); err != nil {
			return nil, err
		}
	}
}

// unrecovered are the consumers that srv does not have.
func (e *embedded) unrecovered(srv *server.Server) ([]consumerDir, error) {
	account, err := srv.JszAccount(&server.JSzOptions{Account: server.DEFAULT_GLOBAL_ACCOUNT, Streams: true, Consumer: true})
	if err != nil {
		return nil, nil //nolint:nilerr // a store without streams yet
	}
	dirs, err := e.consumerDirs()
	return slices.DeleteFunc(dirs, func(d consumerDir) bool {
		return !slices.ContainsFunc(account.Streams, func(s server.StreamDetail) bool {
			return s.Name == d.stream() && !slices.ContainsFunc(s.Consumer, func(c *server.ConsumerInfo) bool { return c.Name == d.name() })
		})
	}), err
}

// drop takes a consumer out of the store. It is made anew by whoever needs it,
// and then hands out again what was done before: the ledger knows it.
func (e *embedded) drop(dir consumerDir) error {
	kept := filepath.Join(e.opts.StoreDir, setAside, dir.stream(), dir.name())
	e.log.Warn("the state of a consumer is damaged; it is made anew, and what was done is not done again",
		zap.String("directory", string(dir)), zap.String("kept", kept))
	err := os.RemoveAll(kept)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(kept), 0o700)
	}
	if err == nil {
		err = os.Rename(string(dir), kept)
	}
	if err != nil {
		return fmt.Errorf("set a damaged consumer aside: %w", datadir.Explain(err))
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
