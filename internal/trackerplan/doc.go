// Package trackerplan owns the way from the trackers that an account has to
// those that it should have: what to create, change and delete, and doing it.
// It knows no file and no command, and talks to an account through Account,
// which *symbl.Client implements.
//
//	present, wanted []symbl.Tracker → New → Plan → Write (for people) | JSON
//	                                          └──→ Apply → account
//
// Trackers are told apart by their names. Those of Symbl itself, whose names
// start with Symbl. (managed trackers), are left alone unless they are wanted.
package trackerplan
