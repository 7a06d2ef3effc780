// Package config owns the configuration of trackerbell: its types, defaults,
// sources and validation. It imports nothing of ours and does not know which
// providers exist, how NATS, Symbl or Slack are reached, or what a command does
// with a value.
//
// Data in: a YAML file, the environment, and the files that hold secrets, each
// overriding the one before:
//
//	Default() → file (--config) → TRACKERBELL_… → …File → validation → *Config
//
// # The file
//
// The file is one YAML document, read strictly: unknown keys, keys set twice and
// values of the wrong type are problems. A key without a value (or null) keeps
// its default. Anchors, aliases and merges (<<) work as usual.
//
// # The environment
//
// A key outside of lists of mappings is also set by TRACKERBELL_ and its path in
// upper case, joined by _: symbl.appId is TRACKERBELL_SYMBL_APPID. Lists of
// text are split at commas (TRACKERBELL_MEDIA_ALLOWHOSTS=127.0.0.1,10.0.0.0/8),
// engine.command at white space. A variable that is set but empty sets its key
// to empty. Variables that belong to no key are warnings.
//
// # Secrets
//
// Every secret key has a twin ending in File that names a file to read, relative
// to the working directory; line ends at its end are dropped. No problem that
// this package reports holds a value of the configuration, so none can leak.
//
// Data out: a *Config, or Problems: all of them at once, each with the key and
// the line or the environment variable that it comes from.
package config
