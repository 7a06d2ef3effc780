// Package symbl is a client for the Symbl API: the Async API (submit), the Job
// API, the Conversation API (detected trackers, messages) and the Management
// API of trackers, in both generations of its paths. It speaks to any server
// of that wire format, and owns the types that stand on the wire.
//
// It knows nothing of who calls it: not of telephony, queues, alerts or
// configuration files, and it never retries a call by itself. Every failure is
// an *Error whose Class says whether trying again can help, and whose Definite
// says whether the server certainly did not accept the call.
//
// In: text, the URL of a recording, or its bytes. Out: a job, and when that
// has completed, the trackers that were found and the messages of the talk.
//
//	client, err := symbl.New(symbl.Config{BaseURL: "https://api.symbl.ai", AppID: id, AppSecret: secret})
//	job, err := client.SubmitURL(ctx, symbl.URLRequest{
//		URL:     "https://example.com/call.mp3",
//		Options: symbl.Options{Name: "call 7", EnableAllTrackers: true},
//	})
//	status, err := client.Job(ctx, job.JobID) // until status.Status is Completed or Failed
//	found, err := client.TrackerResults(ctx, job.ConversationID)
//	// [{Name: Promotion Mention, Matches: [{Value: run sale, MessageRefs: [{Text: We're running a sale right now, Offset: -1}]}]}]
//
// The types decode tolerantly (ids as numbers, missing arrays, odd times), by
// UnmarshalJSON. Give them a field name instead of embedding them: a struct
// that embeds one takes over its UnmarshalJSON and loses its own fields.
package symbl
