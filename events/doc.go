// Package events owns the way of a recording through JetStream: the event
// bodies, the streams, the ledger, the stages (submit, await, route, notify),
// dead letters, and the embedded NATS server.
//
// Data comes in as a Recording (Service.Accept) and as a Wake (Service.Wake),
// and leaves as submissions to Symbl and as alerts to a notify.Notifier. All
// state lives in JetStream, so that any replica can go on where another one
// was killed: every handler may run again at any time, and the ledger decides
// what is still to be done.
//
// The package joins symbl and notify, which do not know each other. It knows
// nothing of HTTP servers, of telephony providers, or of commands.
package events
