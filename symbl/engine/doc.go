// Package engine is a Symbl-compatible server: tokens, tracker management,
// processing of conversations, jobs, and what was found in them, in both
// generations of the published API (docs.symbl.ai).
//
// It owns the bucket ENGINE, the object store ENGINE_BLOBS and the work queue
// ENGINE_JOBS on JetStream; it keeps no state of its own, so that any number
// of engines on one NATS share the trackers, the conversations and the work.
// It knows the wire types (package symbl) and the matcher (package match), and
// nothing of recordings, webhooks or alerts.
//
// In: HTTP requests under /oauth2 and /v1, by a listener (Engine.Handler) or
// within the process (Transport).
//
//	POST /v1/process/text {"messages":[{"payload":{"content":"We're running a sale right now"}}]}
//	201 {"conversationId":"4527907378937856","jobId":"9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"}
//
// Out: the answers, and Config.Finished for each job that ended.
//
//	GET /v1/conversations/4527907378937856/trackers
//	[{"id":"…","name":"Promotion Mention","matches":[{"type":"vocabulary","value":"run sale","messageRefs":[…],"insightRefs":[]}]}]
//
// A submission is written in an order in which a crash between any two writes
// is harmless: the idempotency record with the ids it will use, the input, the
// conversation, the job, the work message. Each of these writes is made once,
// whoever repeats it.
package engine
