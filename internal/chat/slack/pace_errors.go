package slack

import (
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"
)

// Refused says that Slack does not do it, however often it is asked.
type Refused struct {
	Code    string   // Slack's name of the error, such as channel_not_found, or an HTTP status
	Details []string // what Slack adds, such as the place of a malformed block
}

// Error implements error.
func (e *Refused) Error() string {
	if len(e.Details) == 0 {
		return "slack refuses it: " + e.Code
	}
	return "slack refuses it: " + e.Code + ": " + strings.Join(e.Details, "; ")
}

// Credentials tells whether it is our token that Slack does not take any more:
// no call will succeed until somebody mends that.
func (e *Refused) Credentials() bool {
	return slices.Contains([]string{
		"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "org_login_required", "not_allowed_token_type", "missing_scope",
		"link_disabled", "app_uninstalled", "team_access_not_granted",
	}, e.Code)
}

// absent tells whether the bot cannot speak there though others can.
func (e *Refused) absent() bool {
	return slices.Contains([]string{"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "restricted_action_thread_locked", "user_not_in_channel"}, e.Code)
}

// outcome is what an answer of Slack's says about a call.
type outcome int

const (
	succeeded outcome = iota
	limitedBy         // not done, and may be tried after a time
	refused           // not done, and never will be
	notSent           // not done: Slack was not reached
	unknown           // done or not
)

// judge reads an error of slack-go. after is how long Slack wants us to wait.
func judge(err error) (got outcome, after time.Duration) {
	var limited *slackgo.RateLimitedError
	var status slackgo.StatusCodeError
	var answer slackgo.SlackErrorResponse
	var dns *net.DNSError
	var dial *net.OpError
	switch {
	case err == nil:
		return succeeded, 0
	case errors.As(err, &limited):
		return limitedBy, max(limited.RetryAfter, time.Second)
	case errors.As(err, &status):
		switch {
		case status.Code == 429:
			return limitedBy, time.Second
		case status.Code >= 500:
			return unknown, 0
		}
		return refused, 0
	case errors.As(err, &answer):
		switch answer.Err {
		case "ratelimited", "rate_limited", "message_limit_exceeded":
			return limitedBy, time.Second
		case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "operation_timeout", "team_added_to_org":
			return unknown, 0
		}
		return refused, 0
	case errors.As(err, &dns), errors.As(err, &dial) && dial.Op == "dial":
		return notSent, 0
	}
	return unknown, 0
}

func asRefused(err error) *Refused {
	var status slackgo.StatusCodeError
	var answer slackgo.SlackErrorResponse
	switch {
	case errors.As(err, &answer):
		return &Refused{Code: answer.Err, Details: answer.ResponseMetadata.Messages}
	case errors.As(err, &status):
		return &Refused{Code: status.Status}
	}
	return &Refused{Code: err.Error()}
}
