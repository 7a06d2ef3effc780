// Package slacktest is a stand-in for Slack's Web API in tests: it speaks the
// documented wire format (docs.slack.dev), refuses what Slack refuses, keeps
// what was posted, and fails on demand.
//
// In: form or JSON requests under /api/, as Slack takes them. Out: Slack's
// answers, and the recorded Messages. It has auth.test, chat.postMessage,
// chat.update, chat.delete, conversations.list, .history, .replies and .info.
//
// It knows nothing of trackerbell and shares no limit with package notify: a
// check that takes its figures from what it checks finds nothing.
package slacktest
