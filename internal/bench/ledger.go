package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const ledgerEntries = 100_000

// ledger measures the start and the first pages with 100,000 finished
// recordings, with the store embedded and apart. The entries are copies of the
// one that a recording left.
func ledger(ctx context.Context, l *lab) error {
	data := filepath.Join(l.dir, "ledger")
	store := filepath.Join(data, "nats") // where the embedded store is
	n, err := l.startNATSOn(ctx, store)
	if err != nil {
		return err
	}
	err = l.fillLedger(ctx, n)
	for i := 0; i < l.rounds && err == nil; i++ {
		err = l.ledgerRound(ctx, setup{nats: n.url}, "NATS apart")
	}
	n.stop()
	for i := 0; i < l.rounds && err == nil; i++ {
		err = l.ledgerRound(ctx, setup{data: data}, "NATS embedded")
	}
	return err
}

// fillLedger sends one recording through the service and copies its entry.
func (l *lab) fillLedger(ctx context.Context, n *natsServer) error {
	l.upstream.reset(plan{})
	s, err := l.serve(ctx, setup{nats: n.url})
	if err != nil {
		return err
	}
	err = l.carry(ctx, s.process, n.undone, load{url: s.webhook, media: l.upstream.url + "/recordings/", connections: 1, count: 1})
	s.stop()
	if err != nil {
		return err
	}
	js, err := openJetStream(n.url)
	if err != nil {
		return err
	}
	defer js.Conn().Close()
	bucket, err := js.KeyValue(ctx, "LEDGER")
	if err != nil {
		return err
	}
	return copyEntry(ctx, js, bucket, l.upstream)
}

// copyEntry writes the entry of the only recording under new ids, unless it
// cannot be told apart from what else is in the bucket.
func copyEntry(ctx context.Context, js jetstream.JetStream, bucket jetstream.KeyValue, s *standIn) error {
	s.mu.Lock()
	id := s.jobs[0].recording
	s.mu.Unlock()
	key := "hook." + id
	entry, err := bucket.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("the recording's entry: %w", err)
	}
	for i := range ledgerEntries {
		fresh := fmt.Sprintf("RE%032x", i+1)
		value := bytes.ReplaceAll(entry.Value(), []byte(id), []byte(fresh))
		if _, err := js.PublishAsync("$KV.LEDGER.hook."+fresh, value, jetstream.WithStallWait(startTime)); err != nil {
			return err
		}
	}
	select {
	case <-js.PublishAsyncComplete():
	case <-time.After(pipelineLimit):
		return fmt.Errorf("%d entries are not stored", js.PublishAsyncPending())
	}
	status, err := bucket.Status(ctx)
	if err == nil && status.Values() < ledgerEntries {
		err = fmt.Errorf("only %d entries are stored", status.Values())
	}
	return err
}

func (l *lab) ledgerRound(ctx context.Context, cfg setup, where string) error {
	s, err := l.serve(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.stop()
	l.results.note("ledger", "start to ready with 100,000 entries, "+where, "s", atMost(2), s.ready.Seconds())
	begin := time.Now()
	page, err := get(ctx, s.admin+"/")
	if err != nil {
		return err
	}
	if !bytes.Contains(page, []byte("hook.RE")) {
		return errors.New("the console's first page shows no recording")
	}
	l.results.note("ledger", "the console's first page, "+where, "ms", atMost(200), millis(time.Since(begin)))
	binary, err := filepath.Abs(l.binary)
	if err != nil {
		return err
	}
	begin = time.Now()
	text, err := exec.CommandContext(ctx, binary, "recordings", "list", "--admin", s.admin).CombinedOutput() //nolint:gosec // it is what we measure
	if err != nil {
		return fmt.Errorf("recordings list: %w: %s", err, text)
	}
	if !bytes.Contains(text, []byte("hook.RE")) {
		return fmt.Errorf("recordings list shows no recording: %s", text)
	}
	l.results.note("ledger", "recordings list, "+where, "ms", atMost(200), millis(time.Since(begin)))
	return nil
}
