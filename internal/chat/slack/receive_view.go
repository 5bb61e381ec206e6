package slack

import (
	"encoding/json"

	"frontdoor/internal/chat"
)

// View is a modal or the Home tab as a click or a submission brings it.
type View struct {
	ID, Hash string
	Modal    bool
	Form     string            // id of the chat.Form that it shows, "" of none
	At       chat.Address      // the conversation that the form belongs to
	Step     int               // of a form that takes several, from 0
	Values   map[string]string // by field, as typed, those of earlier steps too
	Query    string            // what stands in the search box of the Home tab
}

// meta is what a modal carries in its private_metadata: Slack gives it back
// with everything that happens in the view, and nobody can change it.
type meta struct {
	Form    string            `json:"f"`
	Channel string            `json:"c,omitempty"`
	Name    string            `json:"n,omitempty"`
	Thread  string            `json:"t,omitempty"`
	Direct  bool              `json:"d,omitempty"`
	Step    int               `json:"s,omitempty"`
	Values  map[string]string `json:"v,omitempty"`
}

// wireView is a view as Slack sends it.
type wireView struct {
	ID       word `json:"id"`
	Hash     word `json:"hash"`
	Type     word `json:"type"`
	Metadata word `json:"private_metadata"`
	State    struct {
		Values map[string]map[string]state `json:"values"`
	} `json:"state"`
}

// state is the value of an element.
type state struct {
	Type    word     `json:"type"`
	Value   word     `json:"value"`
	Option  *option  `json:"selected_option"`
	Options []option `json:"selected_options"`
	Date    word     `json:"selected_date"`
	Time    word     `json:"selected_time"`
	User    word     `json:"selected_user"`
	Channel word     `json:"selected_channel"`
	Conv    word     `json:"selected_conversation"`
}

type option struct {
	Value word `json:"value"`
}

func (v *wireView) decode(space string) *View {
	if v == nil {
		return nil
	}
	out := &View{ID: string(v.ID), Hash: string(v.Hash), Modal: v.Type == "modal", Values: map[string]string{}}
	var m meta
	if json.Unmarshal([]byte(v.Metadata), &m) == nil && m.Form != "" {
		out.Form, out.Step = m.Form, max(m.Step, 0)
		out.At = chat.Address{Platform: Platform, Workspace: space, Channel: m.Channel, Name: m.Name, Thread: m.Thread, Direct: m.Direct}
		for field, value := range m.Values {
			out.Values[field] = value
		}
	}
	for block, actions := range v.State.Values {
		for action, s := range actions {
			if ours(action) == actionSearch {
				out.Query = string(s.Value)
				continue
			}
			out.Values[block] = s.typed(space)
		}
	}
	return out
}

// typed is a value as somebody would type it.
func (s state) typed(space string) string {
	switch {
	case s.Option != nil:
		return string(s.Option.Value)
	case len(s.Options) > 0:
		return string(s.Options[0].Value)
	case s.User != "":
		return person(teamOf(space), string(s.User), "").ID
	}
	return either(string(s.Value), string(s.Date), string(s.Time), string(s.Channel), string(s.Conv))
}

// teamOf is the team of a workspace T1 or E1/T1.
func teamOf(space string) string {
	for i := len(space) - 1; i >= 0; i-- {
		if space[i] == '/' {
			return space[i+1:]
		}
	}
	return space
}
