// Package api owns the two HTTP servers. The public one takes webhooks and
// Symbl's callbacks; the admin one shows health, metrics and what happened to
// the recordings, and passes /oauth2 and /v1 to the embedded engine.
//
// It knows how to answer and whom to let in. It does not know how recordings
// travel (package events), how a provider signs (package api/source), or what
// a configuration file looks like.
//
// In, on the public listener:
//
//	POST /webhooks/calls            a provider's webhook
//	POST /callbacks/symbl/{token}   {"jobId":"…","status":"completed"}
//
// Out: one events.Recording to Intake.Accept or one events.Wake to Intake.Wake,
// and only after that the answer:
//
//	202 {"recording":"calls.RE1","duplicate":false}
//
// Every error is a Problem (RFC 9457). Handlers return errors and never write
// them; one function maps them to answers.
package api
