package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxBody is the longest request that is read, in bytes: a message of 40,000
// characters with its blocks stays far below.
const maxBody = 1 << 20

// The paths of the endpoints.
const (
	EventsPath       = "/slack/events"
	CommandsPath     = "/slack/commands"
	InteractionsPath = "/slack/interactions"
)

// sorry is what a person sees whose command could not be stored: Slack does
// not send commands again.
const sorry = "I can't take messages right now: my memory isn't reachable. This was not stored; say it again in a minute."

// Handler serves the three endpoints below /slack/.
func (r *Receiver) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST "+EventsPath, r.signed(r.serveEvent))
	mux.Handle("POST "+CommandsPath, r.signed(r.serveCommand))
	mux.Handle("POST "+InteractionsPath, r.signed(r.serveInteraction))
	return mux
}

// signed reads the body, refuses what is not Slack's, and lets serve do the
// rest. serve returns nil for what was taken, so that it is not taken twice.
func (r *Receiver) signed(serve func(http.ResponseWriter, *http.Request, []byte) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
		var tooLong *http.MaxBytesError
		switch {
		case errors.As(err, &tooLong):
			r.refuse(w, http.StatusRequestEntityTooLarge, "too long")
			return
		case err != nil:
			r.refuse(w, http.StatusBadRequest, "cut off")
			return
		}
		key, err := verify(r.o.Config.SigningSecret, req.Header, body, r.o.Now())
		if err != nil {
			why := err
			for _, one := range []error{errUnsigned, errStale, errForged} {
				if errors.Is(err, one) {
					why = one
				}
			}
			r.refuse(w, http.StatusUnauthorized, why.Error())
			return
		}
		switch err := r.seen.begin(key); {
		case errors.Is(err, errReplayed):
			r.refuse(w, http.StatusUnauthorized, err.Error())
			return
		case err != nil:
			r.count(Ignored, err.Error())
			w.WriteHeader(http.StatusServiceUnavailable) // it may still fail: Slack shall try again
			return
		}
		// A panic counts as not taken too.
		done := false
		defer func() { r.seen.end(key, done) }()
		done = serve(w, req, body) == nil
	})
}

// refuse answers what will never be taken: Slack need not send it again.
func (r *Receiver) refuse(w http.ResponseWriter, status int, why string) {
	r.count(Ignored, why)
	w.Header().Set("X-Slack-No-Retry", "1")
	w.WriteHeader(status)
}

// serveEvent takes an event. That it is a retry says nothing: it may be the
// only delivery that arrived.
func (r *Receiver) serveEvent(w http.ResponseWriter, req *http.Request, body []byte) error {
	var o outer
	if json.Unmarshal(body, &o) != nil {
		r.refuse(w, http.StatusBadRequest, whyMalformed)
		return nil
	}
	if o.Type == "url_verification" {
		writeJSON(w, map[string]string{"challenge": string(o.Challenge)})
		return nil
	}
	return r.reply(w, req, r.event(body))
}

func (r *Receiver) serveCommand(w http.ResponseWriter, req *http.Request, body []byte) error {
	form, err := formOf(req, body)
	if err != nil {
		r.refuse(w, http.StatusBadRequest, whyMalformed)
		return nil
	}
	if form.Get("ssl_check") == "1" {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	ack, err := r.takeCommand(req.Context(), form)
	write(w, ack)
	return err
}

// takeCommand is the acknowledgement of a command; with an error it tells the
// person.
func (r *Receiver) takeCommand(ctx context.Context, form url.Values) ([]byte, error) {
	ack, err := r.handle(ctx, r.command(form))
	if err != nil {
		ack, _ = json.Marshal(map[string]string{"response_type": "ephemeral", "text": sorry})
	}
	return ack, err
}

func (r *Receiver) serveInteraction(w http.ResponseWriter, req *http.Request, body []byte) error {
	form, err := formOf(req, body)
	if err != nil {
		r.refuse(w, http.StatusBadRequest, whyMalformed)
		return nil
	}
	if form.Get("ssl_check") == "1" {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	return r.reply(w, req, r.interaction([]byte(form.Get("payload"))))
}

// reply handles a delivery and acknowledges it.
func (r *Receiver) reply(w http.ResponseWriter, req *http.Request, got Received) error {
	if got.What == Ignored && got.Reason == whyMalformed {
		r.refuse(w, http.StatusBadRequest, whyMalformed)
		return nil
	}
	ack, err := r.handle(req.Context(), got)
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return err
	}
	write(w, ack)
	return nil
}

// formOf reads a form, whatever its content type says but JSON.
func formOf(req *http.Request, body []byte) (url.Values, error) {
	kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if strings.HasSuffix(kind, "json") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return nil, errors.New("read form: it is JSON")
	}
	return url.ParseQuery(string(body))
}

func writeJSON(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	write(w, body)
}

func write(w http.ResponseWriter, body []byte) {
	if len(body) > 0 {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // the client is gone: Slack tries again
}
