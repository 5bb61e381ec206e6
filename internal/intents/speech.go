package intents

import (
	"strings"

	"github.com/kljensen/snowball/english"
)

// sameSpeech are ways in which engineers say the same: a line is one meaning.
// In the block of stems a word counts as the first of its line, so that an
// example with one of them is known by the others. “a_b” is two words.
const sameSpeech = `create make build provision scaffold bootstrap generate setup spin_up set_up stand_up
delete remove destroy drop erase purge teardown decommission tear_down take_down shut_down get_rid
deploy ship release rollout deployment deployments roll_out go_live
rollback revert undo roll_back rolled_back go_back put_back
restart reboot bounce recycle
database databases db dbs postgres postgresql pg mysql
production prod prd
staging stg
development dev
environment env envs environments
repository repo repos git
kubernetes k8s kube
certificate certificates cert certs tls ssl
permission permissions perms rights access privileges privilege
secret secrets token tokens password passwords credential credentials creds
service services svc microservice microservices app apps application applications
pipeline pipelines ci cicd
replica replicas pod pods instance instances
oncall on_call pager pagerduty on_duty
cost costs spend spending spent bill billing price expensive pricing
documentation docs doc
configuration config configure configs
enable activate turn_on switch_on turned_on
disable deactivate turn_off switch_off turned_off
increase bump raise scale grow
restore recover recovery
outage down offline unavailable
hang hangs hanging stuck frozen freezes
fail fails failing failed failure broken breaks crash crashes crashing crashed
message messages msg msgs
laptop macbook notebook computer
leak leaked exposed compromised
expire expires expired expiry expiring
monitor monitoring dashboard dashboards
dns hostname domain
vacation holiday holidays pto
person people colleague teammate
`

// phraseStart is the first words of the phrases, so that most pairs need no
// look-up.
var phraseStart = phraseStarts()

func phraseStarts() map[string]bool {
	out := make(map[string]bool)
	for w := range strings.FieldsSeq(sameSpeech) {
		if a, _, ok := strings.Cut(w, "_"); ok {
			out[a] = true
		}
	}
	return out
}

// meanings maps a word, or two with a space between, to what it counts as.
var meanings = readSpeech()

func readSpeech() map[string]string {
	out := make(map[string]string)
	for line := range strings.Lines(sameSpeech) {
		words := strings.Fields(line)
		for _, w := range words {
			out[strings.ReplaceAll(w, "_", " ")] = words[0]
		}
	}
	return out
}

// sense is the stem of what a lower-case word counts as.
func sense(word string) string {
	if m, ok := meanings[word]; ok {
		word = m
	}
	return english.Stem(word, true)
}

// deedSenses is deeds by what they count as.
var deedSenses = senseSet(deeds)

func senseSet(words map[string]bool) map[string]bool {
	out := make(map[string]bool, len(words))
	for w := range words {
		out[sense(w)] = true
	}
	return out
}

// senses are the senses of words, two words that mean something together as one,
// without stop words and without those that skip wants.
func senses(words []string, skip func(word string) bool) []string {
	var out []string
	for i := 0; i < len(words); i++ {
		w := words[i]
		if skip != nil && skip(w) {
			continue
		}
		if phraseStart[w] && i+1 < len(words) {
			if m, ok := meanings[w+" "+words[i+1]]; ok {
				out = append(out, english.Stem(m, true))
				i++
				continue
			}
		}
		if !stopWords[w] {
			out = append(out, sense(w))
		}
	}
	return out
}
