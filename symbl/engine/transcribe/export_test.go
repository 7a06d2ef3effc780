package transcribe

// Parse and Tidy are what stands between a transcriber's output and its
// segments.
var (
	Parse = parse
	Tidy  = tidy
)
