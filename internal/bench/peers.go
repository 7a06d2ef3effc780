package main

// What others do of what the bare programs do in the same run, measured
// elsewhere on two cores, in the project's reference figures: Node-RED 4 with
// its NATS node, and Bento, a stream processor in Go, both configured by hand.
// The pipelines are compared with a bare one of 1,700 recordings a second at
// 0.385 ms of processor time.
const (
	nodeRedIngest    = 3.1 / 10.0 // requests a second
	nodeRedIngestCPU = 5.0
	nodeRedPosts     = 291.0 / 1700
	nodeRedPostsCPU  = 2.90 / 0.385
	bentoIngestCPU   = 1.7
	bentoPosts       = 719.0 / 1700
	bentoPostsCPU    = 1.11 / 0.385

	bareUnit = "× the bare one's"
)

// ingestPeers compares what a round of ingest is of the bare handler's with
// what it is of the peers.
func (r *results) ingestPeers(us, ref taken) {
	r.compare("peers", "ingest beside Node-RED: req/s", bareUnit, atLeast(2.5), us.perSecond/ref.perSecond, nodeRedIngest)
	r.compare("peers", "ingest beside Node-RED: processor time", bareUnit, atMost(0.3), us.cpu/ref.cpu, nodeRedIngestCPU)
	r.compare("peers", "ingest beside a stream processor: processor time", bareUnit, atMost(0.75), us.cpu/ref.cpu, bentoIngestCPU)
}

// pipelinePeers is the same of the pipeline into sixteen channels.
func (r *results) pipelinePeers(us, ref carried) {
	for _, peer := range []struct {
		name       string
		posts, cpu float64
	}{{"Node-RED", nodeRedPosts, nodeRedPostsCPU}, {"a stream processor", bentoPosts, bentoPostsCPU}} {
		r.compare("peers", "pipeline beside "+peer.name+": posts/s", bareUnit, atLeast(1), us.perSecond/ref.perSecond, peer.posts)
		r.compare("peers", "pipeline beside "+peer.name+": processor time", bareUnit, atMost(1), us.cpu/ref.cpu, peer.cpu)
	}
}
