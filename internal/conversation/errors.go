package conversation

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// What a caller may branch on; each is wrapped with what was being done.
var (
	// ErrUnavailable says that Redis did not take or give what was asked: it is
	// out of reach, loading, full or read-only. Nothing is known to be stored.
	ErrUnavailable = errors.New("the store is out of reach")
	// ErrLost says that another replica took the partition over: what was to be
	// written was not.
	ErrLost = errors.New("the partition was taken over by another replica")
	// ErrTooLarge says that a message is larger than [MaxMessage].
	ErrTooLarge = errors.New("the message is too large")
	// ErrForeign says that what is stored is not ours or is damaged.
	ErrForeign = errors.New("the stored bytes can't be read")
	// ErrNotSent, wrapped by a send function's error, says that the platform has
	// surely not taken the reply: it is sent again without looking for it.
	ErrNotSent = errors.New("not sent")
	// ErrUndeliverable, wrapped by a send function's error, says that the reply
	// can never be delivered (the channel is gone): it becomes a dead letter.
	ErrUndeliverable = errors.New("undeliverable")
)

// failure tells what Redis' error means to the caller.
func failure(doing string, err error) error {
	if err == nil {
		return nil
	}
	var answer redis.Error
	switch {
	case strings.Contains(err.Error(), "WRONGTYPE"):
		return fmt.Errorf("%s: %w: %w", doing, ErrForeign, err)
	case errors.As(err, &answer) && !refusing(answer.Error()):
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
}

// refusing reports whether a server's answer is about its own condition and
// not about what it was asked.
func refusing(answer string) bool {
	word, _, _ := strings.Cut(answer, " ")
	switch word {
	case "LOADING", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "MOVED", "ASK", "OOM", "MISCONF", "NOREPLICAS",
		"BUSY", "UNKILLABLE", "NOAUTH", "WRONGPASS", "NOPERM", "NOSCRIPT", "EXECABORT":
		return true
	}
	return strings.Contains(answer, "max number of clients")
}

// passing reports whether err says nothing about the message in hand: Redis is
// away or the lease is.
func passing(err error) bool { return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrLost) }
