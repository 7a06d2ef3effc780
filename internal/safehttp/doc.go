// Package safehttp is the one HTTP client for URLs that strangers write:
// recordings that a webhook names, and callback addresses that a caller of the
// engine gives.
//
// It owns the guard against server-side request forgery (addresses are judged
// after DNS, at the moment of dialling, again on every redirect), the rule
// that credentials stay with the first origin and leave only over https,
// the limits on time and size, and the sniffing of media. It knows nothing of
// providers, recordings or Symbl, and imports nothing of ours.
//
// In: a URL, a function that gives the Authorization header of a hop, and the
// names of private hosts that the operator allows. Out: an *http.Response
// whose body is watched for stalls, or an *Error whose text names scheme and
// host but never a path, a query or a credential.
package safehttp
