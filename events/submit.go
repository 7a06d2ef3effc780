package events

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/crash"
	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

const (
	// uploadTimeout bounds one upload of a recording.
	uploadTimeout = 2 * time.Hour
	// throttleDefault is how long submitting pauses after a 429 that names no time.
	throttleDefault = 2 * time.Second
)

var (
	// errNotOwner says that another message owns the recording's run.
	errNotOwner = errors.New("another message owns this recording")
	// errKnown says that a recording has an entry though none was expected.
	errKnown = errors.New("the recording is known")
)

// submit gives a recording to Symbl, once: the intent is in the ledger before
// the call and the job after it, and an intent without a job is looked up
// before anything is submitted again.
func (s *Service) submit(ctx context.Context, d delivery) error {
	rec, err := dataOf[Recording](d.event, TypeReady)
	if err != nil {
		return dead(ReasonMalformed, err)
	}
	defer s.submits.begin(rec.Key)()
	if d.delivered == 1 && d.event.Replay == 0 {
		// As a rule there is no entry yet. The intent creates it, and finds out.
		e := firstEntry(rec, d.seq, 0)
		e.Trace = d.event.TraceParent
		err := s.submitAs(ctx, rec, d, e)
		if !errors.Is(err, errKnown) {
			return err
		}
	}
	e, err := s.claim(ctx, rec, d)
	switch {
	case errors.Is(err, errNotOwner):
		return nil
	case err != nil:
		return err
	case e.Stage != StageReady:
		return s.publishSubmitted(ctx, e) // it was killed before the event or the ack
	}
	return s.submitAs(ctx, rec, d, e)
}

// submitAs submits the recording of an entry, which may not be stored yet.
func (s *Service) submitAs(ctx context.Context, rec Recording, d delivery, e Entry) error {
	crash.At("the recording is claimed")
	job, found, err := s.earlierSubmit(ctx, e)
	if err != nil {
		return classify(err, d)
	}
	if !found {
		if job, err = s.send(ctx, rec, &e); err != nil {
			job, err = s.underItsKey(ctx, e, err)
		}
		if err != nil {
			return s.notSubmitted(ctx, d, e, err)
		}
	}
	crash.At("Symbl has it")
	key, replay := e.Key, e.Replay
	e, err = s.mutate(ctx, key, func(e *Entry) error {
		if e.Stage != StageReady || e.Replay != replay {
			return errUnchanged // this process was paused, and another has submitted it
		}
		e.JobID, e.ConversationID = job.JobID, job.ConversationID
		e.SubmittedAt, e.Stage = s.now().UTC(), StageSubmitted
		e.pass(StepSubmit, s.now())
		return nil
	})
	if errors.Is(err, errForgotten) {
		return errors.Join(err, s.dropConversation(ctx, job.ConversationID))
	}
	if err != nil {
		return err
	}
	crash.At("the job is noted")
	s.dep.Log.Info("submitted", zap.String("recording", e.Key), zap.String("source", e.Source), zap.String("stage", StepSubmit),
		zap.String("job", e.JobID), zap.String("conversation", e.ConversationID))
	err = s.publishSubmitted(ctx, e)
	s.jobs.begun()
	return err
}

// claim makes this message the owner of the recording's run, creating the
// ledger entry where there is none. A second ready message of the same
// recording (a late duplicate webhook) is not the owner, nor is one of an earlier
// run, nor one that has become a dead letter.
func (s *Service) claim(ctx context.Context, rec Recording, d delivery) (Entry, error) {
	return s.mutate(ctx, rec.Key, func(e *Entry) error {
		switch {
		case e.Stage == "":
			*e = firstEntry(rec, d.seq, e.revision)
			e.Trace, e.Replay = d.event.TraceParent, d.event.Replay
		case d.event.Replay != e.Replay:
			return errNotOwner
		case e.Replaying:
			e.ReadySeq, e.Replaying = d.seq, false
		case e.ReadySeq != d.seq, e.Stage == StageReady && len(e.DeadLetters) > 0:
			return errNotOwner // in the second case it is buried, and was killed before it could say so
		default:
			return errUnchanged
		}
		return nil
	})
}

// enter creates the entry of a recording whose submit was not even intended,
// so that what goes wrong with it can be noted there. The error is errKnown if
// another message has created it.
func (s *Service) enter(ctx context.Context, e Entry) error {
	if e.revision != 0 {
		return nil
	}
	_, err := s.mutate(ctx, e.Key, func(now *Entry) error {
		switch {
		case now.Stage == "":
			e.revision = now.revision
			*now = e
			return nil
		case now.ReadySeq != e.ReadySeq:
			return errKnown
		}
		return errUnchanged
	})
	return err
}

func firstEntry(rec Recording, seq, revision uint64) Entry {
	return Entry{
		Key: rec.Key, Source: rec.Source, ID: rec.ID, ReceivedAt: rec.ReceivedAt, Stage: StageReady,
		ReadySeq: seq, Text: rec.isText(), revision: revision,
		Call: notify.Call{
			Source: rec.Source, Direction: rec.Direction, From: rec.From, To: rec.To, Agent: rec.Agent,
			StartedAt: rec.StartedAt, Seconds: rec.Seconds, Labels: rec.Labels,
		},
	}
}

// send notes the intent and submits the recording in the way its media wants.
func (s *Service) send(ctx context.Context, rec Recording, e *Entry) (symbl.Job, error) {
	opt := symbl.Options{
		Name: e.Key, WebhookURL: s.callbackURL(e.Key, e.Replay), EnableAllTrackers: s.opt.AllTrackers,
		IdempotencyKey: msgID("submit", e.Key, e.Replay),
	}
	if rec.isText() && !rec.MediaText {
		return s.sendText(ctx, rec, e, opt)
	}
	if s.opt.TextOnly != "" && !rec.MediaText {
		return symbl.Job{}, dead(ReasonRefused, errors.New(s.opt.TextOnly))
	}
	found, err := s.probe(ctx, rec)
	if err != nil {
		return symbl.Job{}, err
	}
	if rec.Transcript = found.Transcript; rec.isText() {
		return s.sendText(ctx, rec, e, opt)
	}
	if rec.Channels == 2 {
		opt.SeparateChannels, opt.ChannelMetadata = true, channelNames(e.Call, s.aims().source(e.Source).AgentChannel)
	}
	if err := s.intend(ctx, e); err != nil {
		return symbl.Job{}, err
	}
	if !found.Private {
		return s.symbl.SubmitURL(ctx, symbl.URLRequest{Options: opt, Kind: found.kind, URL: found.URL})
	}
	return s.sendFile(ctx, rec, e, found, opt)
}

func (s *Service) sendText(ctx context.Context, rec Recording, e *Entry, opt symbl.Options) (symbl.Job, error) {
	said := rec.Transcript
	if rec.TranscriptRef != "" {
		set, err := s.streams()
		if err != nil {
			return symbl.Job{}, err
		}
		if said, err = loadLarge[[]Utterance](ctx, set.blobs, rec.TranscriptRef); err != nil {
			return symbl.Job{}, err
		}
	}
	if err := s.intend(ctx, e); err != nil {
		return symbl.Job{}, err
	}
	start := e.callStart()
	messages := make([]symbl.TextMessage, 0, len(said))
	for u := range inPieces(said) {
		m := symbl.TextMessage{
			Payload:  symbl.Payload{Content: u.Text, ContentType: "text/plain"},
			Duration: &symbl.Span{StartTime: start.Add(seconds(u.Start)), EndTime: start.Add(seconds(u.End))},
		}
		if u.Speaker != "" {
			m.From = &symbl.Person{Name: u.Speaker}
		}
		messages = append(messages, m)
	}
	return s.symbl.SubmitText(ctx, symbl.TextRequest{Options: opt, Messages: messages})
}

// sendFile streams the recording from its provider to Symbl; it is never whole
// in memory nor on disk. If it takes long to begin, or this process is paused
// meanwhile, the submit is intended anew.
func (s *Service) sendFile(ctx context.Context, rec Recording, e *Entry, found media, opt symbl.Options) (symbl.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer cancel()
	body, size, err := s.openMedia(ctx, rec, found.Media)
	if err != nil {
		return symbl.Job{}, err
	}
	defer func() { _ = body.Close() }() // only read from
	if s.stale(e.SubmitIntent) {
		if err := s.intend(ctx, e); err != nil {
			return symbl.Job{}, err
		}
	}
	return s.symbl.SubmitFile(ctx, symbl.FileRequest{
		Options: opt, Kind: found.kind, ContentType: found.mime, Size: size,
	}, safehttp.Cap(body, s.opt.MaxMedia))
}

// intend notes that a submit begins. From here on a crash leaves its outcome
// unknown. The error is errKnown when the entry was to be created and exists,
// and asks for another delivery when somebody else has begun meanwhile, or may
// have.
func (s *Service) intend(ctx context.Context, e *Entry) error {
	seen := e.SubmitIntent
	e.SubmitIntent = s.now().UTC()
	if err := s.noteIntent(ctx, e, seen); err != nil {
		return err
	}
	crash.At("the submit is intended")
	if s.stale(e.SubmitIntent) {
		return wait(movedWait)
	}
	crash.At("the submit leaves")
	return nil
}

// noteIntent writes the intent of e where the ledger has the one seen before.
func (s *Service) noteIntent(ctx context.Context, e *Entry, seen time.Time) error {
	if e.revision == 0 {
		set, err := s.streams()
		if err != nil {
			return err
		}
		stored, err := set.ledger.write(ctx, *e)
		switch {
		case conflict(err):
			return errKnown
		case err != nil:
			return err
		}
		e.revision = stored.revision
		return nil
	}
	_, err := s.mutate(ctx, e.Key, func(now *Entry) error {
		if now.ReadySeq != e.ReadySeq || now.Replay != e.Replay || now.Stage != StageReady || !now.SubmitIntent.Equal(seen) {
			return wait(movedWait)
		}
		now.SubmitIntent = e.SubmitIntent
		return nil
	})
	return err
}

// notSubmitted says what becomes of the message of a submit that failed.
func (s *Service) notSubmitted(ctx context.Context, d delivery, e Entry, err error) error {
	var failed *symbl.Error
	switch {
	case errors.Is(err, errKnown):
		return err
	case ctx.Err() != nil && !s.opt.Idempotent && errors.As(err, &failed) && !failed.Definite:
		return wait(s.opt.SettleTime) // this process ends, and who goes on would look for it at once
	}
	if err := s.enter(ctx, e); err != nil {
		return err
	}
	return s.refused(ctx, e, d, err)
}

// refused takes the intent of e back when the submit certainly did not happen, and
// says what becomes of the message. If the ledger has another intent, that is
// somebody else's, who took over.
func (s *Service) refused(ctx context.Context, e Entry, d delivery, err error) error {
	var failed *symbl.Error
	if errors.As(err, &failed) && failed.Definite {
		_, merr := s.mutate(ctx, e.Key, func(now *Entry) error {
			if !now.SubmitIntent.Equal(e.SubmitIntent) {
				return errUnchanged
			}
			now.SubmitIntent = time.Time{}
			return nil
		})
		if merr != nil {
			return merr
		}
	}
	return classify(err, d)
}

// classify turns an error of the media or of Symbl into what it means for the
// message.
func classify(err error, d delivery) error {
	var final *deadError
	var failed *symbl.Error
	var status *StatusError
	var download *safehttp.Error
	switch {
	case errors.As(err, &final):
		return err
	case errors.As(err, &download) && download.Kind == safehttp.TooLarge:
		return dead(ReasonMedia, err)
	case errors.As(err, &status):
		return status.classify(d)
	case !errors.As(err, &failed):
		return err
	}
	switch failed.Class {
	case symbl.Throttled:
		return throttled(max(failed.RetryAfter, jitter(throttleDefault)), err)
	case symbl.Permanent, symbl.NotFound:
		return dead(ReasonRefused, err)
	default:
		return err
	}
}

func (s *Service) publishSubmitted(ctx context.Context, e Entry) error {
	if e.Stage != StageSubmitted {
		return nil // it is further already
	}
	_, err := publish(ctx, s, subjectSubmitted+e.Source, TypeSubmitted, msgID("submitted", e.Key, e.Replay), e,
		Submitted{JobID: e.JobID, ConversationID: e.ConversationID})
	crash.At("submitted is stored")
	return err
}

// mutate changes the ledger entry of a key.
func (s *Service) mutate(ctx context.Context, key string, fn func(*Entry) error) (Entry, error) {
	set, err := s.streams()
	if err != nil {
		return Entry{}, err
	}
	return set.ledger.Mutate(ctx, key, fn)
}

func seconds(f float64) time.Duration { return time.Duration(f * float64(time.Second)) }

// publish publishes the event that ends a step. The id makes doing so again
// harmless; the answer tells whether it was done before.
func publish[T any](ctx context.Context, s *Service, subject, typ, id string, e Entry, data T) (*jetstream.PubAck, error) {
	set, err := s.streams()
	if err != nil {
		return nil, err
	}
	msg, err := newEvent(ctx, subject, typ, id, e.Key, e.Replay, s.now(), data)
	if err != nil {
		return nil, err
	}
	ack, err := s.publishMsg(ctx, set.js, msg)
	if err != nil {
		return nil, fmt.Errorf("publish %s: %w", typ, err)
	}
	return ack, nil
}
