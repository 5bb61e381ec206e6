// Package conversation keeps what must survive a crash between two messages:
// the accepted messages, each conversation's state, the replies to send (the
// outbox) and the demand events, all in Redis.
//
// Conversations are spread over 64 partitions by their address. Everything of
// one partition carries one hash tag, so that a message's end is one
// transaction: [Store.Commit] writes the new state, the replies and the demand
// events and takes the message off its queue, or does nothing at all. A crash
// before it does the message again from the start; a crash after it loses
// nothing.
//
// A partition is worked on by one replica at a time. Its lease runs by Redis'
// clock, and each time it changes hands its fence changes: a replica that
// stalled and woke up commits nothing ([ErrLost]).
//
// The embedded Redis ([Config] with an empty URL) is the same code on another
// address.
package conversation
