package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

// TestEachSectionOfTheConfigurationIsTakenOverOrWaitsForARestart finds a section
// that a reload would pass over without a word.
func TestEachSectionOfTheConfigurationIsTakenOverOrWaitsForARestart(t *testing.T) {
	taken := []string{"sources", "routes", "destinations", "noise", "trackers", "admin", "slack"} // the last two in parts
	typ := reflect.TypeFor[config.Config]()
	for i := range typ.NumField() {
		key, _, _ := strings.Cut(typ.Field(i).Tag.Get("yaml"), ",")
		if key == "" || key == "-" {
			continue
		}
		var old, now config.Config
		changed := reflect.ValueOf(&now).Elem().Field(i)
		if changed.Kind() == reflect.Struct {
			change(changed)
		}
		if waits := needRestart(&old, &now); !strings.Contains(strings.Join(waits, " "), key) {
			require.Contains(t, taken, key)
		}
	}
}

// A reload must not leave an admin listener without a token where others reach it.
func TestATokenIsNotTakenFromAListenerThatOthersReach(t *testing.T) {
	a := &app{cfg: &config.Config{Admin: config.Admin{Addr: "0.0.0.0:8081", Token: "op"}}}
	err := a.take(t.Context(), &config.Config{Admin: config.Admin{Addr: "127.0.0.1:8081"}}, &globals{})
	require.ErrorContains(t, err, "admin.token: is gone, but the service still listens on 0.0.0.0:8081")
}

// change sets the first field that it can.
func change(v reflect.Value) bool {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("changed")
			return true
		case reflect.Int, reflect.Int64:
			f.SetInt(1)
			return true
		case reflect.Struct:
			if change(f) {
				return true
			}
		}
	}
	return false
}
