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

	"github.com/nats-io/nats.go/jetstream"

	"github.com/trackerbell/trackerbell/internal/crash"
	"github.com/trackerbell/trackerbell/symbl"
)

const callbackSecretKey = "callback-secret"

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

// Wake stores durably that the job of a recording changed, and so has it asked
// at once. A status that ends nothing is dropped, unless the job's id is still
// unknown here.
func (s *Service) Wake(ctx context.Context, w Wake) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if st := symbl.Status(w.Status); st != symbl.Completed && st != symbl.Failed {
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
