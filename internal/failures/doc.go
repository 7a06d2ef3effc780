// Package failures limits how often one network address may fail to say who it
// is: a wrong token, a wrong password, a wrong signature. It is shared by
// everything that authenticates.
//
// In: addresses of those that failed. Out: how long such an address must wait.
// Its memory is bounded, however many addresses there are.
//
// It may know nothing of ours.
package failures
