// Package datadir prepares the directory of a store, and says why a file cannot
// be used and what to do about it.
//
// In goes the error of an operation on a file,
//
//	mkdir data/nats/jetstream: permission denied
//
// and out comes what a person needs to mend it as well:
//
//	mkdir data/nats/jetstream: permission denied: data/nats belongs to 0:0 with the
//	mode drwx------, and this is run by 65532:65532: give it to that user …
package datadir
