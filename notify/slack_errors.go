package notify

import (
	"fmt"
	"regexp"
	"time"
)

// defaultRetryAfter is for an answer that throttles without saying how long.
const defaultRetryAfter = 5 * time.Second

// errorCode is one of Slack's error codes: what it means for a post, and what
// to do about it.
type errorCode struct {
	code    string
	outcome Outcome
	advice  string
}

// The codes that decide something here.
const (
	codeNoChannel    = "channel_not_found"
	codeNotInChannel = "not_in_channel"
	codeArchived     = "is_archived"
	codeNoMessage    = "message_not_found"
	codeNoThread     = "thread_not_found"
	codeNoReply      = "cannot_reply_to_message"
)

const (
	adviceInstall = "Install the Slack app again and put its bot token (xoxb-…) into slack.token."
	adviceAdmin   = "Ask the workspace's admins to let the app post here, or route to another channel."
	adviceReport  = "This is a fault of trackerbell; report it with the recording's key."
	adviceSlack   = "Slack has a problem of its own; look at status.slack.com. The alert is looked for before it is posted again."
	adviceScope   = "Give the app the scopes chat:write, channels:read, groups:read, channels:history and groups:history, and install it again."
	adviceThread  = "Somebody deleted or locked the message; replay the alert, or drop it."
	adviceNothing = "Nothing to do: the alert is sent again later."
)

// slackCodes is the one table of Slack's error codes (docs.slack.dev, the
// errors of chat.postMessage, chat.update, conversations.history, .list, .info, auth.test).
//
// A code that is not in it is Transient: ok=false says that nothing was
// posted, and the caller's limit on attempts ends it. Only where Slack says
// that it may have got half-way is the outcome Unknown.
func slackCodes() []errorCode {
	return []errorCode{
		{ReasonRateLimited, Throttled, adviceNothing},
		{"rate_limited", Throttled, adviceNothing},
		{"message_limit_exceeded", Throttled, "The workspace posts too much; spread the alerts over fewer messages or channels."},

		{"fatal_error", Unknown, adviceSlack},
		{"internal_error", Unknown, adviceSlack},
		{"service_unavailable", Unknown, adviceSlack},

		{"request_timeout", Transient, "The request reached Slack incomplete; check the network and its proxy."},
		{"update_failed", Transient, "Slack could not change the message; look at status.slack.com."},
		{"team_added_to_org", Transient, "The workspace is being moved to another organisation; wait for the end of it."},

		{codeNoChannel, Permanent, "Check the channel's name in the configuration, and invite the app to it if it is private: /invite @app."},
		{codeNotInChannel, Permanent, "Invite the app to the channel: /invite @app."},
		{codeArchived, Permanent, "Unarchive the channel or route to another one."},
		{"is_inactive", Permanent, "Unarchive the channel; until then its messages cannot be changed."}, // of chat.update
		{"messages_tab_disabled", Permanent, "Turn on the Messages Tab under App Home of the Slack app, or route to a channel."},
		{codeNoThread, Permanent, adviceThread},
		{codeNoReply, Permanent, adviceThread},
		{codeNoMessage, Permanent, adviceThread},
		{"cant_update_message", Permanent, adviceThread},
		{"cant_delete_message", Permanent, adviceThread},
		{"edit_window_closed", Permanent, adviceThread},
		{"restricted_action", Permanent, adviceAdmin},
		{"restricted_action_non_threadable_channel", Permanent, adviceAdmin},
		{"restricted_action_read_only_channel", Permanent, adviceAdmin},
		{"restricted_action_thread_only_channel", Permanent, adviceAdmin},
		{"ekm_access_denied", Permanent, adviceAdmin},
		{"access_denied", Permanent, adviceAdmin},
		{"accesslimited", Permanent, adviceAdmin},
		{"team_access_not_granted", Permanent, adviceAdmin},
		{"no_permission", Permanent, adviceAdmin},
		{"enterprise_is_restricted", Permanent, adviceAdmin},
		{"two_factor_setup_required", Permanent, adviceAdmin},

		{"invalid_auth", Permanent, adviceInstall},
		{"not_authed", Permanent, adviceInstall},
		{"token_revoked", Permanent, adviceInstall},
		{"token_expired", Permanent, adviceInstall},
		{"account_inactive", Permanent, adviceInstall},
		{"not_allowed_token_type", Permanent, adviceInstall},
		{"org_login_required", Permanent, adviceInstall},
		{"missing_scope", Permanent, adviceScope},

		{"invalid_blocks", Permanent, adviceReport},
		{"invalid_blocks_format", Permanent, adviceReport},
		{"msg_too_long", Permanent, adviceReport},
		{"msg_blocks_too_long", Permanent, adviceReport},
		{"no_text", Permanent, adviceReport},
		{"invalid_arguments", Permanent, adviceReport},
		{"invalid_attachments", Permanent, adviceReport},
		{"too_many_attachments", Permanent, adviceReport},
		{"attachment_payload_limit_exceeded", Permanent, adviceReport},
		{"invalid_metadata_format", Permanent, adviceReport},
		{"invalid_metadata_schema", Permanent, adviceReport},
		{"metadata_too_large", Permanent, adviceReport},
	}
}

func slackCode(code string) (errorCode, bool) {
	for _, c := range slackCodes() {
		if c.code == code {
			return c, true
		}
	}
	return errorCode{}, false
}

// plainCode keeps what a hostile answer puts in place of an error code out of
// errors and logs.
var plainCode = regexp.MustCompile(`^[a-z_]{1,64}$`)

// codeError is the *Error of an answer with ok=false.
func codeError(code string) *Error {
	c, ok := slackCode(code)
	if !ok {
		e := &Error{Outcome: Transient, Reason: ReasonSlackOther}
		if plainCode.MatchString(code) {
			e.Err = fmt.Errorf("slack answered %s", code)
		}
		return e
	}
	e := &Error{Outcome: c.outcome, Reason: c.code}
	if c.outcome == Throttled {
		e.RetryAfter = defaultRetryAfter
	}
	return e
}

// statusError is the *Error of an HTTP status other than 200. Slack's own
// errors come with 200, so anything below 500 is of a proxy or a wrong
// address, which took no message.
func statusError(status int) *Error {
	e := &Error{Outcome: Unknown, Reason: ReasonHTTPStatus, Err: fmt.Errorf("http status %d", status)}
	switch {
	case status == 429:
		return &Error{Outcome: Throttled, Reason: ReasonRateLimited, RetryAfter: defaultRetryAfter}
	case status >= 300 && status < 500 && status != 408:
		e.Outcome = Transient
	}
	return e
}
