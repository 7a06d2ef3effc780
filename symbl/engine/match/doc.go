// Package match finds the vocabulary of trackers in text. It owns what counts
// as a match: words, their stems, and how near each other they must stand.
//
// It knows nothing of conversations, storage or HTTP: its functions are pure
// and safe for concurrent use.
//
// In: trackers and the language of the conversation, then one text at a time.
// Out: for each text the vocabulary entries that hit, literally (with the
// place) or similarly (with the words that carried it).
//
//	set := match.Compile("en-US", []match.Tracker{{Name: "Promotion", Vocabulary: []string{"run sale"}}})
//	set.Match("We're running a sale right now")
//	// [{Tracker: 0, Phrase: 0, Offset: -1, Score: 0.67, Words: [running sale]}]
package match
