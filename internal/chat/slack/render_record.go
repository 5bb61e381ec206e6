package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Settled is a message after its button was pressed: as it was, with one line
// that says who did what in place of the buttons. original is
// Received.Original. Naming somebody in a changed message notifies nobody.
func Settled(original []byte, label, user string) (Post, error) {
	var m struct {
		Text   string  `json:"text"`
		Blocks []Block `json:"blocks"`
	}
	if err := json.Unmarshal(original, &m); err != nil {
		return Post{}, fmt.Errorf("read the pressed message: %w", err)
	}
	line := Block{"type": "context", "elements": []any{mrkdwn(recordLine(label, user))}}
	out := Post{Text: m.Text}
	if strings.TrimSpace(out.Text) == "" {
		out.Text = recordLine(label, user)
	}
	done := false
	for _, b := range m.Blocks {
		if b.BlockType() != "actions" {
			out.Blocks = append(out.Blocks, b)
			continue
		}
		if !done {
			out.Blocks = append(out.Blocks, line)
			done = true
		}
	}
	if !done {
		if !slices.ContainsFunc(out.Blocks, func(b Block) bool { return b.BlockType() != "context" }) {
			out.Blocks = append([]Block{{"type": "section", "text": mrkdwn(out.Text)}}, out.Blocks...)
		}
		out.Blocks = append(out.Blocks, line)
	}
	return out, nil
}

func recordLine(label, user string) string {
	label = clipTo(strings.Join(strings.Fields(label), " "), maxLabel)
	if label == "" {
		return "<@" + escape(user) + "> answered."
	}
	return "<@" + escape(user) + "> pressed “" + escape(label) + "”."
}
