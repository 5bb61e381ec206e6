package demand

import "strings"

// The kinds of request.
const (
	KindQuestion = "question"
	KindRequest  = "request"
	KindAccess   = "access"
	KindIncident = "incident"
	KindBug      = "bug"
	KindFeedback = "feedback"
)

// Environment is the one environment that a message names, by its usual names
// ("production", "staging", "development", "preview"); "" where it names none
// or several.
func Environment(text string) string {
	found := ""
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), notWord) {
		name := ""
		switch word {
		case "prod", "production", "prd":
			name = "production"
		case "staging", "stage", "stg", "preprod", "preproduction":
			name = "staging"
		case "dev", "development":
			name = "development"
		case "preview":
			name = "preview"
		default:
			continue
		}
		if found != "" && found != name {
			return ""
		}
		found = name
	}
	return found
}

// Kind tells what a message asks for from its words alone; playbook tells
// whether it was matched to a workflow, which makes it a request where nothing
// more particular is said.
func Kind(text string, workflow bool) string {
	words := " " + strings.Join(strings.FieldsFunc(strings.ToLower(text), notWord), " ") + " "
	has := func(phrases ...string) bool {
		for _, p := range phrases {
			if strings.Contains(words, " "+p+" ") {
				return true
			}
		}
		return false
	}
	switch {
	case has("outage", "incident", "is down", "are down", "went down", "down again", "sev1", "sev2", "p1", "on fire"):
		return KindIncident
	case has("access to", "permission", "permissions", "grant me", "grant access", "give me access", "need access", "add me to"):
		return KindAccess
	case workflow:
		return KindRequest
	case has("bug", "regression", "stack trace", "crashes"):
		return KindBug
	case has("thanks", "thank you", "feedback", "feature request", "it would be nice", "would be great"):
		return KindFeedback
	case strings.Contains(text, "?"), startsWithAny(words, "how", "what", "why", "where", "when", "who", "which", "is", "are", "can", "could", "do", "does", "did", "should"):
		return KindQuestion
	case startsWithAny(words, "please", "create", "make", "add", "delete", "remove", "deploy", "restart", "issue", "scale", "roll", "set", "give", "i need", "we need", "i want"):
		return KindRequest
	}
	return KindQuestion
}

func startsWithAny(words string, starts ...string) bool {
	for _, s := range starts {
		if strings.HasPrefix(words, " "+s+" ") {
			return true
		}
	}
	return false
}

// Language is "en" for text that is surely English: in at least four words of
// ASCII letters, a quarter or more are the commonest English ones. It is ""
// for everything else, other languages too: a tag that may be wrong is worse
// than none.
func Language(text string) string {
	words, common := 0, 0
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), notWord) {
		words++
		switch word {
		case "the", "how", "what", "why", "where", "when", "which", "who", "is", "are", "was", "were", "and", "of", "to", "my", "our",
			"you", "we", "it", "this", "that", "with", "for", "from", "can", "could", "should", "would", "does", "do", "not", "get", "need", "have", "has", "there", "please":
			common++
		}
	}
	if words >= 4 && common*4 >= words && common >= 2 {
		return "en"
	}
	return ""
}

func notWord(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 128
}
