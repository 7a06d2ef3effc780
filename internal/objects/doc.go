// Package objects clears up object stores of JetStream after writers that were
// killed. It knows how nats.go lays one out, and nothing of what is in it.
package objects
