package config

import (
	"reflect"
	"strings"
)

const maxSecretBytes = 64 << 10

// readSecretFiles fills every secret whose twin (tokenFile for token) names a
// file.
func (l *loader) readSecretFiles() {
	walk(reflect.ValueOf(l.cfg).Elem(), "", func(list []field) {
		for _, secret := range list {
			twin, ok := find(list, secret.name+twinSuffix)
			if ok && twin.value.String() != "" {
				l.readSecret(secret, twin)
			}
		}
	})
}

func (l *loader) readSecret(secret, twin field) {
	if secret.value.String() != "" {
		l.secretProblem(secret, twin, "set either "+secret.name+" or "+twin.name+", not both")
		return
	}
	data, err := readLimited(twin.value.String(), maxSecretBytes)
	if err != nil {
		l.secretProblem(secret, twin, "cannot read the file: "+err.Error())
		return
	}
	text := strings.TrimRight(string(data), "\r\n")
	if isBlank(text) {
		l.secretProblem(secret, twin, "the file is empty; write the secret into it")
		return
	}
	secret.value.SetString(text)
}

// secretProblem reports the twin; the secret then counts as told, or it would be
// reported as missing too.
func (l *loader) secretProblem(secret, twin field, message string) {
	l.check(false, twin.key, "%s", message)
	l.told[secret.key] = true
}

// Files are the files that the configuration was read from: its own, those of
// secrets, and the trackers. A change in one of them is a change of it.
func (c *Config) Files() []string {
	var list []string
	walk(reflect.ValueOf(c).Elem(), "", func(keys []field) {
		for _, secret := range keys {
			if twin, ok := find(keys, secret.name+twinSuffix); ok {
				list = append(list, twin.value.String())
			}
		}
	})
	return distinct(append([]string{c.file, c.Trackers}, list...))
}
