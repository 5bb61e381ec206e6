package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
)

// Frame is a message of a Socket Mode connection, as far as its holder has to
// know it.
type Frame struct {
	Envelope string // id to acknowledge; "" of hello and disconnect
	Type     string // hello, disconnect, events_api, slash_commands, interactive, ...
	Reason   string // of a disconnect: warning, refresh_requested, link_disabled, ...
	Ack      []byte // the frame to write back; nil where nothing may be acknowledged
}

// maxAck is the longest acknowledgement that Slack takes, in bytes; longer
// ones go without their payload.
const maxAck = 20_000 - 1

// envelope is a frame of Socket Mode.
type envelope struct {
	ID      word            `json:"envelope_id"`
	Type    word            `json:"type"`
	Reason  word            `json:"reason"`
	Payload json.RawMessage `json:"payload"`
}

// Socket takes one frame of a Socket Mode connection. Ack is to be written to
// the same connection; it is there for everything that carries an envelope_id,
// known or not, but for what could not be stored: Slack sends that again, and
// err says why.
func (r *Receiver) Socket(ctx context.Context, frame []byte) (Frame, error) {
	var e envelope
	if err := json.Unmarshal(frame, &e); err != nil {
		// Half JSON may still name its envelope; if it doesn't, the delivery
		// comes again.
		r.count(Ignored, whyMalformed)
		id := envelopeID(frame)
		return Frame{Envelope: id, Ack: ackFrame(id, nil)}, nil
	}
	out := Frame{Envelope: string(e.ID), Type: string(e.Type), Reason: string(e.Reason)}
	if e.ID == "" {
		if e.Type != "hello" && e.Type != "disconnect" {
			r.count(Ignored, whyUnknown)
		}
		return out, nil
	}
	ack, err := r.envelope(ctx, e)
	if err != nil {
		return out, fmt.Errorf("take %s %s: %w", e.Type, e.ID, err)
	}
	out.Ack = ackFrame(string(e.ID), ack)
	return out, nil
}

func (r *Receiver) envelope(ctx context.Context, e envelope) ([]byte, error) {
	switch e.Type {
	case "events_api":
		return r.handle(ctx, r.event(e.Payload))
	case "interactive":
		return r.handle(ctx, r.interaction(e.Payload))
	case "slash_commands":
		var fields map[string]any
		if json.Unmarshal(e.Payload, &fields) != nil {
			return r.handle(ctx, ignored(string(e.Type), whyMalformed))
		}
		form := url.Values{}
		for name, value := range fields {
			switch v := value.(type) {
			case string:
				form.Set(name, v)
			case bool:
				form.Set(name, fmt.Sprint(v))
			}
		}
		// Told the person or stored: either way it is done.
		ack, err := r.takeCommand(ctx, form)
		if err != nil && ctx.Err() != nil {
			return nil, err
		}
		return ack, nil
	}
	return r.handle(ctx, ignored(string(e.Type), whyUnknown))
}

// ackFrame acknowledges an envelope.
func ackFrame(id string, payload []byte) []byte {
	if id == "" {
		return nil
	}
	o := struct {
		ID      string          `json:"envelope_id"`
		Payload json.RawMessage `json:"payload,omitempty"`
	}{ID: id, Payload: payload}
	out, err := json.Marshal(o)
	if err != nil || len(out) > maxAck {
		o.Payload = nil
		out, _ = json.Marshal(o) // a string always encodes
	}
	return out
}

// envelopeID finds the id in a frame that is no JSON.
func envelopeID(frame []byte) string {
	dec := json.NewDecoder(bytes.NewReader(frame))
	depth, key := 0, ""
	for {
		token, err := dec.Token()
		if err != nil {
			return ""
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
			key = ""
		case string:
			if depth == 1 && key == "envelope_id" {
				return t
			}
			key = t
		default:
			key = ""
		}
	}
}
