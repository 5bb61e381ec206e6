package demand

import "slices"

// The keys that any event may have, in the order of the format. Codes from
// ownKey on are the event's own fields, in the order that it names them.
const (
	keyID = iota
	keyEvent
	keyRequest
	keyTime
	keyPlatform
	keyWorkspace
	keyChannel
	keyThread
	keyActor
	keyTeam
	keyText
	keyTags
	ownKey
)

var commonKeys = [ownKey]string{"id", "event", "request", "time", "platform", "workspace", "channel", "thread", "actor", "team", "text", "tags"}

// shape is the JSON type of an own field.
type shape uint8

const (
	text     shape = iota
	identity       // text that may be neither empty nor null
	number
	boolean
	list
)

type ownField struct {
	name  string
	shape shape
}

// kind is what the format says of one event.
type kind struct {
	name  string
	code  uint8
	own   []ownField // at most three; a common key among them stands there as order says
	order []uint8    // codes of all its keys as they are written
	loose uint16     // bits of the codes whose place the format leaves open: they stay where they came
	need  uint16     // bits of the codes that must be there
}

// The codes stand in packs: append, never reorder.
const (
	received uint8 = iota
	matched
	answered
	clarified
	refused
	unmatched
	ignored
	escalated
	resolved
	reopened
	runStarted
	runApproved
	runDenied
	runStepFinished
	runSucceeded
	runFailed
	runCancelled
	feedback
	humanAnswered
)

var kinds = func() map[string]*kind {
	run := ownField{"run", identity}
	playbook := ownField{"playbook", identity}
	reason := ownField{"reason", text}
	all := []*kind{
		{name: string(RequestReceived), code: received, need: 1 << keyActor},
		{name: string(RequestMatched), code: matched, own: []ownField{playbook, {"confidence", number}}},
		{name: string(RequestAnswered), code: answered, own: []ownField{{"latency_ms", number}, {"citations", list}}},
		{name: string(RequestClarified), code: clarified, own: []ownField{{"candidates", list}}},
		{name: string(RequestRefused), code: refused, own: []ownField{reason}},
		{name: string(RequestUnmatched), code: unmatched, own: []ownField{reason}},
		{name: string(RequestIgnored), code: ignored, own: []ownField{reason}},
		{name: string(RequestEscalated), code: escalated, own: []ownField{{"to", text}}},
		{name: string(RequestResolved), code: resolved, own: []ownField{{"how", text}}},
		{name: string(RequestReopened), code: reopened},
		{name: string(RunStarted), code: runStarted, own: []ownField{run, playbook}},
		{name: string(RunApproved), code: runApproved, own: []ownField{run}, need: 1 << keyActor, loose: 1 << keyActor},
		{name: string(RunDenied), code: runDenied, own: []ownField{run}, need: 1 << keyActor, loose: 1 << keyActor},
		{name: string(RunStepFinished), code: runStepFinished, own: []ownField{run, {"step", identity}, {"ok", boolean}}},
		{name: string(RunSucceeded), code: runSucceeded, own: []ownField{run}},
		{name: string(RunFailed), code: runFailed, own: []ownField{run}},
		{name: string(RunCancelled), code: runCancelled, own: []ownField{run}},
		{name: string(FeedbackGiven), code: feedback, own: []ownField{{"value", identity}}, need: 1 << keyActor},
		{name: string(HumanAnswered), code: humanAnswered, need: 1 << keyActor, loose: 1<<keyChannel | 1<<keyThread | 1<<keyActor},
	}
	byName := make(map[string]*kind, len(all))
	for _, k := range all {
		k.order = defaultOrder(k)
		k.need |= 1<<keyID | 1<<keyEvent | 1<<keyTime
		if k.code != humanAnswered {
			k.need |= 1 << keyRequest
		}
		for i := range k.own {
			k.need |= 1 << (ownKey + i)
		}
		byName[k.name] = k
	}
	return byName
}()

// defaultOrder is common keys, then own ones; the approver of a run stands
// behind the run, as the format lists them.
func defaultOrder(k *kind) []uint8 {
	var order []uint8
	for c := range uint8(ownKey) {
		order = append(order, c)
	}
	if k == nil {
		return order
	}
	for i := range k.own {
		order = append(order, uint8(ownKey+i))
	}
	if k.code == runApproved || k.code == runDenied {
		order = slices.DeleteFunc(order, func(c uint8) bool { return c == keyActor })
		order = append(order, keyActor)
	}
	return order
}

func kindOf(name string) *kind { return kinds[name] }

// code is the code of key in events of this kind, or -1 where it is unknown.
func (k *kind) codeOf(key string) int {
	for i, o := range k.own {
		if o.name == key {
			return ownKey + i
		}
	}
	switch key {
	case "id":
		return keyID
	case "event":
		return keyEvent
	case "request":
		return keyRequest
	case "time":
		return keyTime
	case "platform":
		return keyPlatform
	case "workspace":
		return keyWorkspace
	case "channel":
		return keyChannel
	case "thread":
		if k.code == humanAnswered {
			return keyThread
		}
	case "actor":
		return keyActor
	case "team":
		return keyTeam
	case "text":
		return keyText
	case "tags":
		return keyTags
	}
	return -1
}
