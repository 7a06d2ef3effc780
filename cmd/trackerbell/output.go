package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// printJSON prints v as indented JSON.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// table prints rows under a header, in aligned columns.
func table(w io.Writer, header []string, rows [][]string) error {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			if i > 0 {
				_, _ = fmt.Fprint(tw, "\t") // Flush reports what failed
			}
			_, _ = fmt.Fprint(tw, printable(cell))
		}
		_, _ = fmt.Fprintln(tw)
	}
	return tw.Flush()
}

// printable keeps control characters of foreign text off the terminal.
func printable(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			r = ' '
		}
		out = append(out, r)
	}
	return string(out)
}
