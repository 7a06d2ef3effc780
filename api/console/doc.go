// Package console owns the web pages of the admin listener: what happened to a
// call, and what people do about it. Pages are made on the server by
// html/template, and can be read without JavaScript; htmx (static/htmx.min.js)
// renews parts of them while they change.
//
// It knows how to show things. It does not know who may see them (package
// api/access tells it the role), nor how recordings travel (package events).
//
// In: GET /recordings/calls.RE1, with the cookie of a session. Out: a page. A
// change is a form that is posted, and answered with the page to go to:
//
//	POST /recordings/calls.RE1/replay   step=route&csrf=…
//	303 Location: /recordings/calls.RE1?done=replayed
//
// Whatever was said in a call, and whatever a provider or a caller wrote, is
// hostile: it goes through html/template's escaping only, inside of <bdi>.
package console
