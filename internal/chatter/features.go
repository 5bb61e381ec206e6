package chatter

import (
	"regexp"
	"slices"
)

// feature is something that speaks for a question or, below 0, against one.
type feature struct {
	why    string
	weight float64
	seen   func(reading, Said) bool
}

// strength is the weight without its sign.
func (f feature) strength() float64 { return max(f.weight, -f.weight) }

func lower(pattern string) func(reading, Said) bool {
	re := regexp.MustCompile(pattern)
	return func(t reading, _ Said) bool { return re.MatchString(t.lower) }
}

func lead(pattern string) func(reading, Said) bool {
	re := regexp.MustCompile(`^(?:` + pattern + `)`)
	return func(t reading, _ Said) bool { return slices.ContainsFunc(t.leads, re.MatchString) }
}

// features are in no order that matters: their weights are added up.
var features = []feature{
	// What asks.
	{"ends in a question mark", 2.5, func(t reading, _ Said) bool { return t.marked }},
	{"begins with a question word", 1.5, lead(`(?:how|what|whats|what's|where|wheres|where's|which|who|whom|whose|when|why|in which|since when|wie|was|wo|warum|wer|wann)\b`)},
	{"begins as a question", 1.2, lead(`(?:is|are|do|does|did|can|could|would|should|shall|may|has|have|will|am|was|were|any|anyone|anybody|someone|somebody)\b`)},
	{"asks how, what or where", 1.2, lower(`\b(?:how (?:to|do|does|can|come|often|long|many|much|should)|where (?:do|can|is|are|should|to|does)|what (?:is|are|does|do|should|can|else|now|happens|if)|who (?:owns|can|is|to|do)|which (?:team|one|version|page)|how do i|is there (?:a|an|any|some)|any (?:ideas?|chance|docs?|documentation|workaround|tips|hints?))\b`)},
	{"asks for help", 2, lower(`\b(?:need(?:s|ing)? (?:some )?(?:help|advice)|help (?:with|me|us)|help!|any (?:help|ideas?|pointers)|unsure (?:how|what|whether)|not sure (?:how|what|which|where|whether)|don't know how|have a question|tips on|looking (?:for (?:a|an|some|someone)|to)|trying to (?:understand|find|get|connect|move|set|deploy|use|figure)|assist|kindly|i'd appreciate|would appreciate|would be (?:great|nice|helpful) if|what are my options)\b`)},
	{"asks to be given something", 2.5, lower(`\b(?:(?:i|we|i'd|we'd|would) (?:need|want|like|love) (?:to |a |an |the |access|write|read|more|some|another)|(?:^|[\s,])need (?:a|an|more|new|the|write|read|to|access|some|someone|somebody)\b|request(?:ing)? (?:a|an|access)|give (?:me|us)|(?:can|could|may) (?:i|we|you|someone|somebody|anyone) )`)},
	{"asks politely", 1.8, lower(`\b(?:please|pls|plz)\b`)},
	{"says that it fails for them", 1.6, func(t reading, _ Said) bool { return failing.MatchString(t.lower) && mine.MatchString(t.lower) }},
	{"names an error", 1.5, lower(`(?:\b(?:error|denied|unauthori[sz]ed|forbidden|timed? ?out|timeout|refused|exceeded|evicted|oomkilled|imagepullbackoff|crashloop\w*|exception|panic|x509|enospc|multi-attach|stuck|fails|failing|failed with|cannot|doesn't (?:work|resolve|start|scale|load)|can't (?:push|pull|access|find|connect|reach|log|mount|open|see)|no data|unknown command|unable to|no longer (?:able|works?|possible)|asks? for (?:a|my) password|keeps? (?:getting|failing|crashing|restarting)|getting (?:a |an |this|throttled|\d{3}))\b)`)},
	{"has an error in it", 1, func(t reading, _ Said) bool {
		return t.code && failing.MatchString(t.full) && !failing.MatchString(t.lower)
	}},
	{"asks whether others see it", 2, lower(`\b(?:any(?:one|body) else|is it just me|or is it|for (?:anybody|anyone) else)\b`)},
	{"says that something is gone", 1, lower(`\b(?:i|we|my|our)\b.*\b(?:lost|gone|deleted|expired|missing|blocked|left)\b`)},

	// What does not.
	{"thanks somebody", -4, lower(`^(?:\S+[, ]+)?(?:ok(?:ay)?[, ]+|great[, ]+|perfect[, ]+)?(?:thanks|thank you|thx|ty|cheers|danke|merci|gracias)\b`)},
	{"thanks for something", -2, lower(`\b(?:thanks?|thx|danke)\b(?:.*\b(?:for|everybody|everyone|all|team|dir)\b)`)},
	{"agrees or greets", -3, func(t reading, _ Said) bool { return len(t.words) <= 4 && courtesy.MatchString(t.lower) }},
	{"says little", -1.2, func(t reading, _ Said) bool { return len(t.words) <= 3 && !t.marked }},
	{"announces something", -4, lower(`^(?:@(?:here|channel|everyone)\b|heads[- ]?up|fyi|psa\b|announcement|reminder|just a reminder|friendly reminder|quick update|update:|maintenance|incident|alert|resolved|closing|reverting|deploying|rolling (?:out|back)|merged|released?\b|tip of the day|workaround:|jenkins:|please welcome)`)},
	{"tells what is planned", -2, lower(`\b(?:will be|we're (?:upgrading|moving|rolling|deploying|turning|switching)|i'm (?:turning|on it|out)|i'll (?:be|have|take|look)|tonight|starts? (?:in|at)|next update|is out:|are now (?:on|in)|are frozen|moved to|next week|handled by)\b`)},
	{"tells what has happened", -1.8, lower(`\b(?:fixed|merged|done|finished|unlocked|reviewed|restarted|deployed|pushed|issued|reopened|detached|updated|found it|works now|is back|(?:is|are) (?:up|fine|green|ok|good)(?: again)?|again ok|all (?:good|green|fine|clear)|looks? (?:good|clean|fine)|nothing changed|should be (?:fine|ok|good)|good to go|makes sense|did the trick|nvm|never mind|nevermind|solved|that worked)\b`)},
	{"promises to look", -2.5, lower(`\b(?:i'll|let me|on it|digging|looking into|investigating|taking a look|let's see|lets see|let us see)\b`)},
	{"says what somebody thinks", -1.5, lower(`^(?:i (?:think|guess|don't think|don't understand|have a theory|keep forgetting|had|would|'d)|i'd rather|imho|imo|maybe|we should|we keep|could be|would be|must be|should be|seems|same (?:here|issue)|that's|there's|there is|they're|it's|you're|yeah|yes|yep|no[, ]|nope|nah|not sure (?:this|but))`)},
	{"talks to somebody by name", -7, func(t reading, _ Said) bool { return t.named }},
	{"names somebody", -1, func(t reading, s Said) bool { return t.names > 0 && !t.named && !s.Bot }},
	{"is an alert", -5, lower(`(?:^|\s)(?:build #\d+|highe?r?errorrate|severity \d|\(critical\)|firing|#\d+ of \w+ failed|pagerduty test)`)},
	{"jokes", -4, lower(`(?:\b(?:lol|rofl|haha\w*|hehe|lmao)\b|:(?:joy|sweat_smile|rofl|stuck_out_tongue|wink|muscle|laughing|grin):|😂|😅|;\)|:p\b|¯\\_)`)},
	{"says that it is over", -2.5, lower(`\b(?:finally|went well|is (?:dropping|lifted|recovering)|rolled back|took (?:me|us)|end of an era|at last|happy again|flowing again|bumped)\b`)},
	{"knows already", -2, lower(`\b(?:we know|i know|known (?:issue|to us)|can confirm|don't think so|doesn't matter|how are you|how's it going|averted)\b`)},
	{"muses", -1.5, lower(`\b(?:we should (?:really|probably|totally)|someone should|one day|i wonder)\b`)},
	{"asks nobody", -5, lower(`(?:what could (?:possibly )?go wrong|why (?:do|did) i even|why not\b|^what a \w+\W*$|is it (?:friday|monday|weekend)|where there's a|who (?:wants|cares|knew|broke|names)|how (?:cool|nice|great)|guess what|great question|what's not to like|can we talk about|who needs)`)},
	{"is about leisure", -4, lower(`\b(?:lunch|coffee|pizza|beer|game last|weekend plans|birthday|kitchen|banana|retro|football|movie|holiday)\b`)},
	{"only points to something", -2, func(t reading, _ Said) bool { return t.link && !t.marked && len(t.words) <= 6 }},
	{"quotes somebody", -1, func(t reading, _ Said) bool { return t.quote }},
	{"praises", -3, lower(`(?:^(?:nice|great|good|awesome|congrat\w*|well done|pretty|interesting|you're the best)\b|:tada:|<3)`)},
	{"joins or leaves", -6, lower(`\bhas (?:joined|left) the (?:channel|group)\b`)},

	// The thread.
	{"is between people in a thread", -9, func(_ reading, s Said) bool { return s.Reply && !s.Bot && (s.Others > 0 || !s.Asker) }},
	{"goes on with the bot", 1.5, func(_ reading, s Said) bool { return s.Bot && s.Others == 0 }},
	{"adds to an own question", 0.5, func(_ reading, s Said) bool { return s.Reply && s.Asker && s.Others == 0 && !s.Bot }},
}

var (
	failing  = regexp.MustCompile(`\b(?:fail\w*|error\w*|denied|unauthori[sz]ed|forbidden|time ?out|timed out|stuck|broken|down|crash\w*|kill\w*|gone|blocked|can't|cannot|couldn't|doesn't|don't|won't|not|no|isn't|aren't|ignored|slow|offline|growing|pending|read only|throttled|expired?|permission|eats|sealed|lost|404|40[0-9]|50[0-9])\b`)
	mine     = regexp.MustCompile(`\b(?:i|i'm|im|i've|me|my|we|we're|our|us|app|pod|pods|build|pipeline|deploy|service|cluster|job|jobs|plan|kubectl|argo|dns|prod|staging|db)\b`)
	courtesy = regexp.MustCompile(`^(?:\+1|ok\w*|k|kk|yes|yeah|yep|yup|no|nope|sure|true|same|nice|cool|great|hi|hey|hello|morning|good|bye|ack|done|ping|brb|afk|oh|ah|aha|lgtm|no worries|np|you're welcome|sorry|wow|interesting|congrats|well|welcome|works|perfect|awesome)\b`)
)
