// Package kvwatch reads watches of NATS' key-value buckets, and ends them without
// leaving a goroutine behind. It knows how nats.go hands over what it received,
// and nothing of what is in a bucket.
package kvwatch
