package notify

import "slices"

// The reasons of an *Error that are not Slack's own error codes.
const (
	ReasonCanceled    = "canceled"         // the caller's context ended
	ReasonTimeout     = "timeout"          // no answer in time
	ReasonUnreachable = "unreachable"      // no connection came about
	ReasonNoAnswer    = "no_answer"        // the connection broke after it was used
	ReasonBadAnswer   = "bad_answer"       // an answer that cannot be read
	ReasonHTTPStatus  = "http_status"      // an HTTP status that Slack does not use
	ReasonRateLimited = "ratelimited"      // Slack's code, and its HTTP status 429
	ReasonSlackOther  = "slack_other"      // a Slack error code that is not in our table
	ReasonHistory     = "history_too_long" // more messages than Find reads
	ReasonWrite       = "write_failed"     // standard output
	ReasonRefused     = "refused"          // a webhook's receiver does not take it
)

// Reasons is the closed set of Error.Reason, sorted; for metric labels.
func Reasons() []string {
	list := []string{
		ReasonCanceled, ReasonTimeout, ReasonUnreachable, ReasonNoAnswer, ReasonBadAnswer,
		ReasonHTTPStatus, ReasonSlackOther, ReasonHistory, ReasonWrite, ReasonRefused,
	}
	for _, c := range slackCodes() {
		list = append(list, c.code)
	}
	slices.Sort(list)
	return list
}

// ChannelFault tells whether a reason is about one channel, so that another
// may take the alert.
func ChannelFault(reason string) bool {
	switch reason {
	case codeNoChannel, codeNotInChannel, codeArchived, "restricted_action", "restricted_action_non_threadable_channel",
		"restricted_action_read_only_channel", "restricted_action_thread_only_channel", "no_permission",
		"messages_tab_disabled":
		return true
	}
	return false
}

// Advice says in one sentence what a person can do about a reason.
func Advice(reason string) string {
	if c, ok := slackCode(reason); ok {
		return c.advice
	}
	switch reason {
	case ReasonCanceled:
		return "The program was stopped during the delivery; it goes on after the restart."
	case ReasonTimeout, ReasonUnreachable, ReasonNoAnswer:
		return "Check that this machine reaches slack.apiURL, through its proxy if it has one, and look at status.slack.com."
	case ReasonBadAnswer, ReasonHTTPStatus:
		return "Check that slack.apiURL is Slack's (https://slack.com/api/) and that no proxy answers in its place."
	case ReasonHistory:
		return "Look in the channel whether the alert is there; replay it if it is not."
	case ReasonRefused:
		return "Check the destination's url and secret, and what its receiver says; replay the alert when it is solved."
	case ReasonWrite:
		return "Check that standard output is open and its disk has room."
	default:
		return "Look the error up at docs.slack.dev/reference/methods/chat.postMessage and replay the alert when it is solved."
	}
}
