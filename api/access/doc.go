// Package access owns who may do what on the admin listener: the two tokens and
// the roles they stand for, the console's sessions, and how often somebody may
// guess.
//
// It knows HTTP requests and nothing of what is asked for. It keeps no state of
// a session: the cookie is signed with a key made of the token, so that every
// replica believes it, and a new token ends it.
//
//	Authorization: Bearer <admin.token>         → Operator
//	Cookie: trackerbell=<role, end, nonce>.<MAC> → the role, and a token against CSRF
package access
