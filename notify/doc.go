// Package notify owns the alert: which destinations a matched tracker goes to
// (Router), how an alert reads (Render for Slack, Text for a terminal), and how
// it is delivered (the Notifiers Slack and Console).
//
// In: config.Route, config.Slack and an Alert, whose transcripts, names and
// numbers were written by strangers. Out: a Message in Slack's wire form within
// all of Slack's limits, plain text, a Receipt, or an *Error that says what the
// caller may do next.
//
// It knows nothing of NATS, the ledger, Symbl or webhooks. It never retries and
// never logs: package events does both. Rendering is a pure function; nothing
// in it reads the clock.
package notify
