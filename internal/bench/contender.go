package main

import "context"

// side is who is measured.
type side int

const (
	apart    side = iota // the service, with NATS apart
	embedded             // the service with NATS in it, as it is by default
	bareOne              // the reference
)

// contender is one side in one round.
type contender struct {
	*process
	webhook string      // URL
	service *service    // nil: it is the reference
	nats    *natsServer // nil: NATS is in the service
}

// contend starts a side: the service with cfg, or the reference of that name,
// each on a new store.
func (l *lab) contend(ctx context.Context, who side, cfg setup, program, name string) (c *contender, err error) {
	c = &contender{}
	if who != embedded {
		if c.nats, err = l.startNATS(ctx); err != nil {
			return nil, err
		}
		cfg.nats = c.nats.url
	}
	if who == bareOne {
		c.process, c.webhook, err = l.refer(ctx, program, name, c.nats)
	} else if c.service, err = l.serve(ctx, cfg); err == nil {
		c.process, c.webhook = c.service.process, c.service.webhook
	}
	if err != nil && c.nats != nil {
		c.nats.stop()
	}
	return c, err
}

func (c *contender) stop() {
	c.process.stop()
	if c.nats != nil {
		c.nats.stop()
	}
}

// cpuOfEach counts nats-server, too. Embedded, it is in the service.
func (c *contender) cpuOfEach(do func() (int, error)) (float64, error) {
	if c.nats == nil {
		return cpuOfEach(do, c.process)
	}
	return cpuOfEach(do, c.process, c.nats.process)
}

func (c *contender) undone(ctx context.Context) (int, error) {
	if c.nats == nil {
		return c.service.undone(ctx)
	}
	return c.nats.undone(ctx)
}
