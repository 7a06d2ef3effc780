package events

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/crash"
	"github.com/trackerbell/trackerbell/symbl"
)

const (
	callbackSecretKey = "callback-secret"

	// askTime bounds what a callback waits for Symbl's answers. What takes longer is
	// the await stage's.
	askTime = 2 * time.Second
	// slowTime is how long callbacks are left to the await stage after that.
	slowTime = time.Minute
	// answerTime is how long a callback waits for the answer to the submit: the two
	// come within milliseconds, unless Symbl waits for the callback first.
	answerTime = 200 * time.Millisecond
)

// callbackTokens makes and checks the tokens in callback URLs: an HMAC of the
// recording's key and the number of its run under a secret that all replicas
// share, so that a token exists before the submit and nothing need be stored for
// it. That of the first run is an HMAC of the key alone, as earlier versions made
// it for every run: "<key>.<HMAC>", of a later one "<key>.<HMAC>.<run>".
type callbackTokens struct {
	secret []byte
}

func loadCallbackTokens(ctx context.Context, state jetstream.KeyValue) (*callbackTokens, error) {
	secret := make([]byte, sha256.Size)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("make callback secret: %w", err)
	}
	_, err := state.Create(ctx, callbackSecretKey, secret)
	if errors.Is(err, jetstream.ErrKeyExists) {
		v, err := state.Get(ctx, callbackSecretKey)
		if err != nil {
			return nil, fmt.Errorf("read callback secret: %w", err)
		}
		return &callbackTokens{secret: v.Value()}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store callback secret: %w", err)
	}
	return &callbackTokens{secret: secret}, nil
}

func (t *callbackTokens) make(key string, run int) string {
	signed, last := key, ""
	if run != 0 {
		last = "." + strconv.Itoa(run)
		signed += "/" + strconv.Itoa(run) // no key has a slash
	}
	mac := hmac.New(sha256.New, t.secret)
	mac.Write([]byte(signed))
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(key)) + "." + enc.EncodeToString(mac.Sum(nil)) + last
}

// read gives the recording that a token was made for, and its run; ok is false
// for a forged one.
func (t *callbackTokens) read(token string) (key string, run int, ok bool) {
	parts := strings.SplitN(token, ".", 3)
	raw, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || len(parts) < 2 {
		return "", 0, false
	}
	if len(parts) == 3 {
		if run, err = strconv.Atoi(parts[2]); err != nil {
			return "", 0, false
		}
	}
	key = string(raw)
	return key, run, hmac.Equal([]byte(t.make(key, run)), []byte(token))
}

// CallbackOf is the recording that the token of a callback URL belongs to, and the
// number of its run; ErrNotFound when nobody here made the token, and
// ErrUnavailable while that cannot be told yet.
func (s *Service) CallbackOf(token string) (key string, run int, err error) {
	tokens := s.tokens.Load()
	if tokens == nil {
		return "", 0, ErrUnavailable
	}
	key, run, ok := tokens.read(token)
	if !ok {
		return "", 0, ErrNotFound
	}
	return key, run, nil
}

// callbackURL is where Symbl reports the job of a recording's run; empty when
// jobs are only polled.
func (s *Service) callbackURL(key string, run int) string {
	if !s.opt.Callbacks || s.opt.PublicURL == "" {
		return ""
	}
	return s.opt.PublicURL + "/callbacks/symbl/" + s.tokens.Load().make(key, run)
}

// Wake has the job of a recording asked at once, because somebody says that it
// changed. When it returns nil, what was found is stored, or that the job is to be
// asked is. A status that ends nothing is dropped, unless the job's id is still
// unknown here. A sender that goes away ends nothing.
func (s *Service) Wake(ctx context.Context, w Wake) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	s.submits.wait(ctx, w.Key)
	switch symbl.Status(w.Status) {
	case symbl.Completed:
		if s.askNow(ctx, w) {
			return nil
		}
	case symbl.Failed:
	default:
		e, err := set.ledger.Get(ctx, w.Key)
		if errors.Is(err, ErrNotFound) || err == nil && e.JobID != "" {
			return nil
		}
	}
	id := msgID("wake", w.Key, w.Replay) + "/" + w.JobID + "/" + w.Status
	msg, err := newEvent(ctx, subjectWake+sourceOf(w.Key), TypeWake, id, w.Key, w.Replay, s.now(), w)
	if err != nil {
		return err
	}
	if _, err := set.js.PublishMsg(ctx, msg); err != nil {
		return fmt.Errorf("%w: publish: %w", ErrUnavailable, err)
	}
	crash.At("wake is stored")
	return nil
}

// askNow does at once what a stored wake would have the await stage do, and tells
// whether nothing is left to do: the job has ended well, and what was found is
// stored. Whatever else comes of it is the stage's to judge.
func (s *Service) askNow(ctx context.Context, w Wake) bool {
	await := s.awaiting.Load()
	if await == nil || w.JobID == "" {
		return false
	}
	if closed, probe := await.gate.state(s.now()); closed > 0 || probe || s.now().Before(time.Unix(0, s.asksFrom.Load())) {
		return false
	}
	select {
	case s.asks <- struct{}{}:
		defer func() { <-s.asks }()
	default:
		return false // many end at once: the stage takes them in its turn
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	e, err := s.recentEntry(ctx, w.Key, func(e *Entry) bool { return e.awaits() && e.JobID == w.JobID })
	if err != nil || e.JobID != w.JobID {
		return false
	}
	if !e.awaits() {
		return true
	}
	ctx, end := s.resume(ctx, "collect", e)
	err = await.safely(e.Key, func() error {
		done, err := s.poll(ctx, e)
		if err == nil && !done {
			err = wait(0) // for the stage to ask again
		}
		return err
	})
	end(err)
	if err == nil {
		await.gate.ok(s.now())
		return true
	}
	s.dep.Log.Debug("a callback's job is left to its stage", zap.String("recording", e.Key), zap.Error(err))
	var waits *waitError
	switch {
	case errors.As(err, &waits) && waits.stage:
		await.gate.hold(waits.after, s.now())
	case ctx.Err() != nil: // nobody is to wait in vain for each of its answers
		s.asksFrom.Store(s.now().Add(slowTime).UnixNano())
	}
	return false
}

// inHand are the recordings whose submit is under way in this process.
type inHand struct {
	mu   sync.Mutex
	keys map[string]chan struct{} // closed at the end
}

// begin notes a recording until end is called.
func (h *inHand) begin(key string) (end func()) {
	ended := make(chan struct{})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keys[key] = ended
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.keys[key] == ended { // it may have been delivered again meanwhile
			delete(h.keys, key)
		}
		close(ended)
	}
}

// wait waits, not for long, for the end of what is under way with a recording: a
// callback may overtake the answer to the submit, and tells nothing before it.
func (h *inHand) wait(ctx context.Context, key string) {
	h.mu.Lock()
	ended := h.keys[key]
	h.mu.Unlock()
	if ended == nil {
		return
	}
	patience := time.NewTimer(answerTime)
	defer patience.Stop()
	select {
	case <-ended:
	case <-patience.C:
	case <-ctx.Done():
	}
}
