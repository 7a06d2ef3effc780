// Command bench measures trackerbell beside bare references on this machine:
// make bench. It starts the real program, a nats-server and the references as
// processes of their own, and stands in for the load, Symbl and Slack itself.
//
// The references do the least that the task allows: ceil verifies a webhook
// and publishes it, pipe carries a recording to Slack and keeps nothing. Both
// sides get the same bytes and take turns, round by round, because a virtual
// machine's speed drifts by more than what is to be seen; a ratio is the
// median of the rounds' own ratios.
//
// Out: a table in Markdown with the goals, and a plot. docs/performance.md
// says how to read them. It knows the program by its commands, configuration
// and endpoints only, and imports nothing of ours but the client of Symbl's API,
// with which it speaks to the engine.
package main
