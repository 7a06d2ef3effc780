package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
)

// asNATS makes the test binary a nats-server; its value is the address.
const (
	asNATS    = "TRACKERBELL_TEST_NATS"
	natsStore = "TRACKERBELL_TEST_NATS_STORE"
)

// serveNATS is the nats-server of the module, until it is told to end.
func serveNATS(addr, store string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	srv, err := server.NewServer(&server.Options{Host: host, Port: n, JetStream: true, StoreDir: store, NoSigs: true, NoLog: true, MaxPayload: 8 << 20})
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	srv.Start()
	<-stop
	srv.Shutdown()
	return nil
}

// natsProcess is a nats-server in a process of its own, which can be killed
// and stopped as any process.
type natsProcess struct {
	*program
	addr, store string
}

func newNATSProcess(t *testing.T) *natsProcess {
	t.Helper()
	n := &natsProcess{addr: freeAddr(t), store: t.TempDir()}
	n.start(t)
	return n
}

func (n *natsProcess) start(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + n.store, asNATS + "=" + n.addr, natsStore + "=" + n.store}
	n.program = begin(t, cmd)
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", n.addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil || n.done()
	}, soon, tick)
	require.False(t, n.done(), "nats-server ended: %s", n.stderr)
}

func exitOf(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}
