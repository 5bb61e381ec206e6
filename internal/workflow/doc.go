// Package workflow does what a playbook's steps say, durably. A run is a row
// with a cursor, not a goroutine: any worker of any process takes the next one
// that is due under a lease, does the step in hand and commits what came of it
// together with the reports about it. A worker whose lease was taken commits
// nothing: every change of hands raises the run's epoch.
//
// The way of a run is decided in flow.go alone, without effects; the runner
// does it for real and Rehearse with declared replies.
package workflow
