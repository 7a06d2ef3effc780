package engine

import (
	"net/http"
	"strings"
)

// unimplemented is what Symbl has and the engine has not.
func unimplemented() []string {
	return []string{
		"/v1/manage/entities",
		"/v1/manage/entities/{rest...}",
		"/v1/manage/group",
		"/v1/manage/group/{rest...}",
		"/v1/manage/groups",
		"/v1/manage/groups/{rest...}",
		"/v1/conversations/{id}/action-items",
		"/v1/conversations/{id}/analytics",
		"/v1/conversations/{id}/bookmarks",
		"/v1/conversations/{id}/bookmarks/{rest...}",
		"/v1/conversations/{id}/bookmarks-summary",
		"/v1/conversations/{id}/callscore",
		"/v1/conversations/{id}/callscore/{rest...}",
		"/v1/conversations/{id}/entities",
		"/v1/conversations/{id}/experiences",
		"/v1/conversations/{id}/experiences/{rest...}",
		"/v1/conversations/experiences/insights/details/{id}",
		"/v1/conversations/experiences/insights/list",
		"/v1/conversations/{id}/follow-ups",
		"/v1/conversations/{id}/insights",
		"/v1/conversations/{id}/intents",
		"/v1/conversations/{id}/lm-insights",
		"/v1/conversations/{id}/lm-insights/{rest...}",
		"/v1/conversations/{id}/members/{member}",
		"/v1/conversations/{id}/speakers",
		"/v1/conversations/{id}/summary",
		"/v1/conversations/{id}/topics",
	}
}

// Handler serves /oauth2 and /v1. It works whether or not Run does: what is
// submitted waits for a worker of any engine on the same NATS.
func (e *Engine) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/oauth2/token:generate", e.serve(methods{http.MethodPost: e.generateToken}))
	mux.HandleFunc("/oauth2/token:refresh", e.notImplemented)
	mux.HandleFunc("/oauth2/token:revoke", e.notImplemented)
	mux.Handle("/openapi.yaml", e.serve(methods{http.MethodGet: e.describe}))
	mux.Handle("/v1/", asQuery(e.authenticate(e.v1())))
	mux.HandleFunc("/", e.unknown)
	return mux
}

// v1 are the paths that need a token.
func (e *Engine) v1() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", e.unknown)
	e.managementRoutes(mux)
	mux.Handle("/v1/process/text", e.serve(methods{http.MethodPost: e.processText}))
	mux.Handle("/v1/process/text/{id}", e.serve(methods{http.MethodPut: e.appendText}))
	e.mediaRoutes(mux)
	mux.Handle("/v1/job/{id}", e.serve(methods{http.MethodGet: e.getJob}))
	mux.Handle("/v1/conversations", e.serve(methods{http.MethodGet: e.listConversations}))
	mux.Handle("/v1/conversations/{id}", e.serve(methods{
		http.MethodGet:    e.getConversation,
		http.MethodDelete: e.deleteConversation,
	}))
	mux.Handle("/v1/conversations/{id}/messages", e.serve(methods{http.MethodGet: e.getMessages}))
	mux.Handle("/v1/conversations/{id}/members", e.serve(methods{http.MethodGet: e.getMembers}))
	mux.Handle("/v1/conversations/{id}/questions", e.serve(methods{http.MethodGet: e.getQuestions}))
	mux.Handle("/v1/conversations/{id}/transcript", e.serve(methods{http.MethodPost: e.postTranscript}))
	mux.Handle("/v1/conversations/{id}/trackers", e.serve(methods{http.MethodGet: e.getDetected}))
	mux.Handle("/v1/conversations/{id}/trackers-detected", e.serve(methods{http.MethodGet: e.getDetected}))
	for _, path := range unimplemented() {
		mux.HandleFunc(path, e.notImplemented)
	}
	return mux
}

// managementRoutes serves both spellings of each path; which generation a
// create belongs to shows in its body.
func (e *Engine) managementRoutes(mux *http.ServeMux) {
	for _, path := range []string{"/v1/manage/tracker", "/v1/manage/trackers"} {
		mux.Handle(path, e.serve(methods{
			http.MethodGet:  e.listTrackers,
			http.MethodPost: e.createTrackers,
		}))
		mux.Handle(path+"/bulk", e.serve(methods{http.MethodPost: e.createTrackersInBulk}))
		mux.Handle(path+"/{id}", e.serve(methods{
			http.MethodGet:    e.getTracker,
			http.MethodPut:    e.putTracker,
			http.MethodPatch:  e.patchTracker,
			http.MethodDelete: e.deleteTracker,
		}))
	}
}

func (e *Engine) unknown(w http.ResponseWriter, r *http.Request) {
	e.fail(w, r, refuse(http.StatusNotFound, "there is nothing at this path"))
}

func (e *Engine) notImplemented(w http.ResponseWriter, r *http.Request) {
	e.fail(w, r, refuse(http.StatusNotImplemented, "this engine does not implement %s %s", r.Method, r.URL.Path))
}

const noTranscriber = "this engine has no transcriber; set engine.transcriber to process audio and video, or submit text"

// mediaRoutes serves audio and video alike: what a recording is shows in its
// content.
func (e *Engine) mediaRoutes(mux *http.ServeMux) {
	for _, path := range []string{"/v1/process/audio", "/v1/process/video"} {
		if e.hearing == nil {
			mux.HandleFunc(path, e.deaf)
			mux.HandleFunc(path+"/", e.deaf)
			continue
		}
		mux.Handle(path, e.serve(methods{http.MethodPost: e.processMedia}))
		mux.Handle(path+"/{id}", e.serve(methods{http.MethodPut: e.appendMedia}))
		mux.Handle(path+"/url", e.serve(methods{http.MethodPost: e.processURL}))
		mux.Handle(path+"/url/{id}", e.serve(methods{http.MethodPut: e.appendURL}))
	}
}

func (e *Engine) deaf(w http.ResponseWriter, r *http.Request) {
	e.fail(w, r, refuse(http.StatusNotImplemented, noTranscriber))
}

// asQuery mends the addresses of symbl-go-sdk v0.3.7, which joins its custom
// parameters to the path of a URL submission: /v1/process/audio/url&name=N1.
func asQuery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, query, found := strings.Cut(r.URL.EscapedPath(), "&")
		if found && strings.HasPrefix(path, "/v1/process/") {
			if r.URL.RawQuery != "" {
				query += "&" + r.URL.RawQuery
			}
			u := *r.URL
			u.Path, u.RawPath, u.RawQuery = path, "", query
			r = r.WithContext(r.Context()) // a copy
			r.URL = &u
		}
		next.ServeHTTP(w, r)
	})
}
