package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// takeBack deletes the messages of a call at their destinations, also those of
// which it is not known whether they were posted.
func (s *Service) takeBack(ctx context.Context, e Entry, f *Forgotten) error {
	for _, a := range slices.Concat(e.Alerts, e.Earlier) {
		editor, ok := s.aims().Notifiers.For(a.Destination).(notify.Editor)
		for n, p := range a.posts() {
			if p.unknown() {
				found, err := s.findPost(ctx, e, a, n, f)
				if err != nil {
					return err
				}
				p = found
			}
			switch {
			case p.PostedAt.IsZero():
				continue
			case !ok || p.TS == "":
				f.Left = append(f.Left, a.Destination+": this destination cannot take a message back")
				continue
			}
			if err := f.done(a.Destination, editor.Remove(ctx, notify.Receipt{Channel: p.Channel, TS: p.TS})); err != nil {
				return err
			}
		}
	}
	return nil
}

// findPost looks for the n-th message of an alert, which may have been posted.
// Where that cannot be told, it is left.
func (s *Service) findPost(ctx context.Context, e Entry, a AlertRecord, n int, f *Forgotten) (Post, error) {
	p := a.posts()[n]
	finder, ok := s.aims().Notifiers.For(a.Destination).(notify.Finder)
	if !ok {
		f.Left = append(f.Left, a.Destination+": a message may have been posted, and this destination cannot tell")
		return Post{}, nil
	}
	if err := pause(ctx, min(settleTime-s.now().Sub(p.Intent), settleTime)); err != nil {
		return Post{}, err
	}
	alert := notify.Alert{ID: a.AlertID, Destination: a.Destination, Part: n, Thread: e.under(&a, n), Channel: s.channelOf(ctx, a.Destination)}
	for {
		receipt, found, err := finder.Find(ctx, alert, p.Intent.Add(-lookBack))
		switch failed, ok := errors.AsType[*notify.Error](err); {
		case ok && failed.Outcome == notify.Permanent:
			f.Left = append(f.Left, a.Destination+": a message may have been posted, and the channel cannot be read: "+failed.Reason)
			return Post{}, nil
		case err != nil:
			return Post{}, fmt.Errorf("look for a message in %s: %w", a.Destination, err)
		case found:
			return Post{Intent: p.Intent, Channel: receipt.Channel, TS: receipt.TS, PostedAt: p.Intent}, nil
		case n > 0 || alert.Thread.TS == "":
			return Post{}, nil
		}
		alert.Thread = notify.Receipt{} // the thread may be younger than the message
	}
}

// done counts a message that was taken back or changed. One that cannot be is
// left.
func (f *Forgotten) done(destination string, err error) error {
	var failed *notify.Error
	switch {
	case errors.As(err, &failed) && failed.Outcome == notify.Permanent:
		f.Left = append(f.Left, destination+": "+failed.Reason)
	case err != nil:
		return fmt.Errorf("take the message in %s back: %w", destination, err)
	default:
		f.Messages++
	}
	return nil
}

// dropUnknown deletes the conversation of a submit of which it is not known
// whether it arrived.
func (s *Service) dropUnknown(ctx context.Context, e Entry, f *Forgotten) error {
	if !e.submitUnknown() {
		return nil
	}
	conv, found, err := s.symbl.FindConversation(ctx, e.Key, e.listedSince(e.SubmitIntent), e.Conversations...)
	switch failed, ok := errors.AsType[*symbl.Error](err); {
	case ok && (failed.Class == symbl.NotFound || failed.Class == symbl.Permanent):
		f.Left = append(f.Left, "symbl: the recording may have been submitted, and conversations cannot be listed")
		return nil
	case err != nil:
		return fmt.Errorf("look for a conversation: %w", err)
	case !found:
		return nil
	}
	return s.dropConversation(ctx, conv.ID)
}

// posts are all messages of the alert: itself and the replies.
func (a *AlertRecord) posts() []Post { return append([]Post{a.Post}, a.Replies...) }

// unknown tells whether a message may have been posted: its post was begun, and
// its outcome is not known.
func (p Post) unknown() bool { return !p.Intent.IsZero() && p.PostedAt.IsZero() }

func (a *AlertRecord) unknown() bool { return slices.ContainsFunc(a.posts(), Post.unknown) }

// submitUnknown is unknown of the submit.
func (e *Entry) submitUnknown() bool { return !e.SubmitIntent.IsZero() && e.ConversationID == "" }

// lastLook is how long after a call was forgotten it is looked for the last time. An
// upload takes longer than all else, and leaves a conversation at its end.
func (e *Entry) lastLook() time.Duration {
	if e.submitUnknown() {
		return uploadTimeout + forgetAgain
	}
	return forgetAgain
}

// keepUnknown takes over from an entry what is needed to look once more for what
// was under way, and no more of the call.
func (e *Entry) keepUnknown(from *Entry) {
	if from.submitUnknown() {
		e.SubmitIntent, e.ReceivedAt = from.SubmitIntent, from.callStart() // a conversation starts with its call
	}
	for _, a := range slices.Concat(from.Alerts, from.Earlier) {
		switch {
		case a.unknown():
			e.Earlier = append(e.Earlier, AlertRecord{
				AlertID: a.AlertID, Destination: a.Destination, Style: notify.Style{Alone: a.Style.Alone},
				Folded: a.Folded, Thread: a.Thread, Post: a.Post, Replies: a.Replies,
			})
			e.Threads = from.Threads
		case a.Digest != "": // it may be on its way there
			e.Earlier = append(e.Earlier, AlertRecord{AlertID: a.AlertID, Destination: a.Destination, Digest: a.Digest})
		}
	}
}
