package proc_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trackerbell/trackerbell/internal/proc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// output runs a shell script and gives what it printed.
func output(ctx context.Context, script string, env ...string) (string, error) {
	var printed []byte
	err := proc.Program{Argv: []string{"/bin/sh", "-c", script}, Env: env}.Run(ctx, func(r io.Reader) (err error) {
		printed, err = io.ReadAll(r)
		return err
	})
	return string(printed), err
}

func TestOutputIsRead(t *testing.T) {
	got, err := output(t.Context(), `printf '%s ' "$WORD"; cat; echo end`, "WORD=hello")
	require.NoError(t, err)
	require.Equal(t, "hello end\n", got, "standard input is empty")
}

func TestOurConfigurationIsNotPassedOn(t *testing.T) {
	t.Setenv("TRACKERBELL_SLACK_TOKEN", "xoxb-secret")
	t.Setenv("OTHER", "kept")
	got, err := output(t.Context(), "env")
	require.NoError(t, err)
	require.NotContains(t, got, "xoxb-secret")
	require.Contains(t, got, "OTHER=kept")
}

func TestAFailedProgramSaysWhatItSaidLast(t *testing.T) {
	_, err := output(t.Context(), `i=0; while [ $i -lt 200 ]; do echo "line $i of much" >&2; i=$((i+1)); done; printf 'no\033 model\n' >&2; exit 3`)
	var exit *proc.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, "exit status 3", exit.Status)
	require.LessOrEqual(t, len(exit.Stderr), 500)
	require.True(t, strings.HasSuffix(err.Error(), "line 199 of much no model"), err)
	require.NotContains(t, err.Error(), "line 100 ")
}

func TestAFailureIsNotTakenForTheEndOfTheOutput(t *testing.T) {
	var readErr error
	err := proc.Program{Argv: []string{"/bin/sh", "-c", "echo half; exit 1"}}.Run(t.Context(), func(r io.Reader) error {
		_, readErr = io.Copy(io.Discard, r)
		return nil
	})
	var exit *proc.ExitError
	require.ErrorAs(t, err, &exit)
	require.ErrorAs(t, readErr, &exit)
}

func TestAReaderThatHasHadEnoughEndsTheProgram(t *testing.T) {
	enough := errors.New("enough")
	err := proc.Program{Argv: []string{"/bin/sh", "-c", "while :; do echo more; done"}}.Run(t.Context(), func(r io.Reader) error {
		_, _ = io.ReadFull(r, make([]byte, 1000))
		return enough
	})
	require.ErrorIs(t, err, enough)
}

func TestAMissingProgramIsAStartError(t *testing.T) {
	for _, argv := range [][]string{{"no-such-program"}, {"/etc/hostname"}, nil} {
		err := proc.Program{Argv: argv}.Run(t.Context(), func(io.Reader) error { return nil })
		var start *proc.StartError
		require.ErrorAs(t, err, &start)
	}
}

// The children of a shell outlive it unless the whole group is killed.
func TestCancellingKillsWhatTheProgramHasStarted(t *testing.T) {
	pids := make(chan int, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("why")
	ended := make(chan error, 1)
	go func() {
		ended <- proc.Program{Argv: []string{"/bin/sh", "-c", "sleep 100 & echo $!; wait"}}.Run(ctx, func(r io.Reader) error {
			line := make([]byte, 16)
			n, err := r.Read(line)
			pid, _ := strconv.Atoi(strings.TrimSpace(string(line[:n])))
			pids <- pid
			_, _ = io.Copy(io.Discard, r)
			return err
		})
	}()
	pid := <-pids
	require.NotZero(t, pid)
	cancel(why)
	require.ErrorIs(t, <-ended, why)
	require.Eventually(t, func() bool { return gone(pid) }, 5*time.Second, 5*time.Millisecond)
}

func TestWhatAProgramLeavesBehindIsKilled(t *testing.T) {
	got, err := output(t.Context(), "sleep 100 >/dev/null 2>&1 & echo $!")
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(got))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return gone(pid) }, 5*time.Second, 5*time.Millisecond)
}

// gone tells whether a process has ended; one that nobody has waited for yet
// has.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}
