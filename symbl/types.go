package symbl

import "time"

// Tracker is a name and the phrases that are examples of what it watches for.
// Generation 1 of the API has only ID, Name and Vocabulary.
type Tracker struct {
	ID          string   `json:"id,omitempty"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Categories  []string `json:"categories,omitempty"`
	Languages   []string `json:"languages,omitempty"` // BCP-47; none means every language
	Vocabulary  []string `json:"vocabulary"`
	// Sensitivity is an extension of trackerbell's engine: exact, strict,
	// balanced or broad; empty is balanced.
	Sensitivity string `json:"sensitivity,omitempty"`
	CreatedOn   string `json:"createdOn,omitempty"`
	UpdatedOn   string `json:"updatedOn,omitempty"`
}

// Job is the answer to a submission (POST /v1/process/*, 201).
type Job struct {
	ConversationID string `json:"conversationId"`
	JobID          string `json:"jobId"`
}

// Status is the state of a job.
type Status string

// The states of a job, as GET /v1/job/{id} gives them.
const (
	Scheduled  Status = "scheduled"
	InProgress Status = "in_progress"
	Completed  Status = "completed"
	Failed     Status = "failed"
)

// JobStatus is the body of GET /v1/job/{id}. Error is an extension of
// trackerbell's engine; hosted Symbl gives no reason.
type JobStatus struct {
	ID     string `json:"id"`
	Status Status `json:"status"`
	Error  string `json:"error,omitempty"`
}

// TrackerResult is one element of the bare array that
// GET /v1/conversations/{id}/trackers answers with.
type TrackerResult struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Matches []Match `json:"matches"`
}

// Match is one vocabulary entry that was found, with every message it was
// found in.
type Match struct {
	Type        string       `json:"type"`  // "vocabulary"
	Value       string       `json:"value"` // the entry as its author wrote it
	MessageRefs []MessageRef `json:"messageRefs"`
	InsightRefs []InsightRef `json:"insightRefs"`
}

// MessageRef points at a message. Offset is the 0-based index of the first
// occurrence in Unicode code points, or -1 for similar wording. Score and
// Words are extensions of trackerbell's engine.
type MessageRef struct {
	ID     string   `json:"id"`
	Text   string   `json:"text"`
	Offset int      `json:"offset"`
	Score  float64  `json:"score,omitempty"` // 0 to 1
	Words  []string `json:"words,omitempty"` // the words of Text that carried a similar match
}

// InsightRef points at an insight, such as a question, in which the entry was
// found.
type InsightRef struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Offset int    `json:"offset"`
	Type   string `json:"type"`
}

// Message is one utterance of a conversation.
type Message struct {
	ID             string    `json:"id"`
	Text           string    `json:"text"`
	From           Person    `json:"from"`
	StartTime      time.Time `json:"startTime,omitzero"`
	EndTime        time.Time `json:"endTime,omitzero"`
	TimeOffset     *float64  `json:"timeOffset,omitempty"` // seconds from the first word
	Duration       *float64  `json:"duration,omitempty"`   // seconds
	ConversationID string    `json:"conversationId,omitempty"`
}

// Person is a speaker or member.
type Person struct {
	ID     string `json:"id,omitempty"`
	Name   string `json:"name,omitempty"`
	Email  string `json:"email,omitempty"`
	UserID string `json:"userId,omitempty"`
}

// Conversation is the body of GET /v1/conversations/{id}.
type Conversation struct {
	ID        string    `json:"id"`
	Type      string    `json:"type,omitempty"`
	Name      string    `json:"name,omitempty"`
	StartTime time.Time `json:"startTime,omitzero"`
	EndTime   time.Time `json:"endTime,omitzero"`
	Members   []Person  `json:"members,omitempty"`
}

// Payload is the text of a submitted message.
type Payload struct {
	Content     string `json:"content"`
	ContentType string `json:"contentType,omitempty"` // text/plain
}

// Span is when a submitted message was said.
type Span struct {
	StartTime time.Time `json:"startTime"`
	EndTime   time.Time `json:"endTime"`
}

// TextMessage is one message of a text submission.
type TextMessage struct {
	Payload  Payload `json:"payload"`
	From     *Person `json:"from,omitempty"`
	Duration *Span   `json:"duration,omitempty"`
}
