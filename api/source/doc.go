// Package source knows the telephony systems: how each signs its "recording
// ready" webhook, what the payload means, and which credentials a media
// download may carry.
//
// It owns the Provider seam, the registry of providers and the reading of
// transcript files. It does no I/O: it neither listens nor downloads. It knows
// the Recording and nothing of what happens to it: no stages, no Symbl, no
// Slack.
//
// In: one HTTP request, its body read once.
//
//	POST /webhooks/support
//	X-Twilio-Signature: 0/KCTR6DLpKmkAf8muzZqo1nDgQ=
//
//	CallSid=CA1&RecordingSid=RE1&RecordingStatus=completed&RecordingUrl=https%3A%2F%2F…
//
// Out: the recordings it tells of, or why there is none.
//
//	Delivery{Recordings: []events.Recording{{Provider: "twilio", ID: "RE1", MediaURL: "https://…/RE1.wav"}}}
//	Delivery{Ignored: "status in-progress"}
//
// To add a provider: one file that implements Provider, one line in the
// registry, one folder in testdata, and its signature in the conformance
// suite, which then runs over it.
package source
