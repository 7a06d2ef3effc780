package symbl

import "time"

// SetNow gives the client another clock.
func (c *Client) SetNow(now func() time.Time) { c.now = now }

// SetMaxReply makes the client refuse replies above n bytes.
func (c *Client) SetMaxReply(n int64) { c.maxReply = n }

// ParseTime reads a time in any of the usual formats.
func ParseTime(text string) time.Time { return parseTime(text) }
