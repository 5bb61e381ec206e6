package app

import (
	"errors"
	"fmt"

	"frontdoor/internal/access"
	"frontdoor/internal/config"
	"frontdoor/internal/problem"
)

// Refused says that files written by hand can't be used. Whoever prints it
// shows each problem with its excerpt.
type Refused struct {
	What  string // such as "the playbooks"
	Found problem.List
}

// Error implements error.
func (r Refused) Error() string { return fmt.Sprintf("%s can't be used: %v", r.What, r.Found) }

// people reads who is who; what is wrong with the files is a Refused.
func people(cfg config.Config) (*access.Directory, error) {
	d, err := access.NewDirectory(cfg.People)
	if err == nil {
		return d, nil
	}
	var found problem.List
	if !errors.As(err, &found) {
		found = problem.List{{Severity: problem.Error, Message: err.Error()}}
	}
	return nil, Refused{What: "the people's files", Found: found.Errors()}
}
