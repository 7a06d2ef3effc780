package subtitle

import (
	"regexp"
	"strings"
)

// tag is a whole tag: a name with classes and attributes; one of those that are
// followed by words; a time of WebVTT; or what the end of the line left of one
// of WebVTT's and SRT's own.
var tag = regexp.MustCompile(`(?i)<(?:` +
	`/?[a-z][\w-]*(?:\.[^\s<>]*)?(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+))*\s*/?>` +
	`|(?:v|lang|font)(?:\.[^\s<>]*)?\s[^<>]*>` +
	`|\d+(?::\d+)+(?:[.,]\d+)?>` +
	`)|\B</?(?:v|c|i|b|u|lang|ruby|rt|font)\s*$`)

// voice is the tag of WebVTT that names who speaks. A name with = is let go: in
// what may follow it astisub would look for a quote's end, beyond the tag's.
var voice = regexp.MustCompile(`<v(?:\.[^\s<>]*)?[ \t][^<>=]*>`)

// plain is a line without its tags, except the voices if they count. Any other
// < was said, as in "if a<b", and astisub would take it for a tag.
func plain(line string, voices bool) string {
	if !strings.Contains(line, "<") {
		return line
	}
	var b strings.Builder
	from := 0
	for _, at := range tag.FindAllStringIndex(line, -1) {
		b.WriteString(strings.ReplaceAll(line[from:at[0]], "<", "&lt;"))
		if found := line[at[0]:at[1]]; voices && voice.MatchString(found) {
			b.WriteString(found)
		}
		from = at[1]
	}
	b.WriteString(strings.ReplaceAll(line[from:], "<", "&lt;"))
	return b.String()
}

// byVoice cuts a line before each voice, as astisub keeps one voice a line.
func byVoice(line string) []string {
	var parts []string
	from := 0
	for _, at := range voice.FindAllStringIndex(line, -1) {
		if before := line[from:at[0]]; strings.TrimSpace(before) != "" {
			parts = append(parts, before)
		}
		from = at[0]
	}
	return append(parts, line[from:])
}
