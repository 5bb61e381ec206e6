package engine

import (
	"regexp"
	"strings"
)

// talk is a kind of small talk.
type talk string

const (
	greeting talk = "greeting"
	thanks   talk = "thanks"
	waiting  talk = "waiting"
	okay     talk = "okay"
)

var (
	greets   = regexp.MustCompile(`^(hi|hey|hello|hiya|yo|howdy|good (morning|afternoon|evening)|morning)( (there|all|everyone|team|bot|frontdoor|folks))?[ !.👋]*$`)
	thankful = regexp.MustCompile(`^(ok |okay |great |perfect |cool |awesome |nice |and )?(thanks|thank you|thx|ty|cheers|tysm|much appreciated|many thanks)( (a lot|so much|very much|all|everyone|mate|bot|again|for (the|your) help))?[ !.🙏]*$`)
	oks      = regexp.MustCompile(`^(ok|okay|k|kk|cool|great|nice|perfect|awesome|got it|makes sense|sounds good|sure|no worries|np|lol|haha|done|alright|\+1|👍|🎉)( (thanks|cool|great|then))?[ !.]*$`)

	asks     = regexp.MustCompile(`^(so |and |hey |hi |please |ok |but |um |hmm |quick question[:,]? )*(how|what|whats|what's|why|where|wheres|where's|when|who|whos|who's|whom|which|can (i|we|you (tell|explain|show))|could (i|we|you (tell|explain|show))|is|are|do|does|did|should|may i|am i|explain|describe|tell me)\b`)
	back     = regexp.MustCompile(`^(and|also|again|the same|do the same|same again|once more|repeat (that|it)|what about|how about|and what|what if|same (for|but|with|thing)|but|ok(ay)? (and|but)|then|one more|another( one)?|(create|make|do|start|add|give me|get me|i need|now do) (another|one more)|now|and then|in|for|with)\b`)
	further  = regexp.MustCompile(`^(tell me |show me |say )?(some )?more( about (it|that|this)| details| on (it|that|this)| please| info)?[ ?!.]*$|^(more )?details[ ?!.]*$|^elaborate[ .]*$|^(is there )?(anything|something|what) else\??$|^and\?+$`)
	more     = regexp.MustCompile(`\b(another|one more|same|again|once more|repeat)\b`)
	pronoun  = regexp.MustCompile(`^(it|that|this|they|those|these|still|nope|no,|but|doesn't|does not|didn't)\b`)
	agree    = regexp.MustCompile(`^(yes|yep|yeah|yup|sure|ok|okay|please|alright)[ ,!]+((yes|please|do it|go ahead|go|and hurry( up)?|thanks|thank you|now|asap|quickly)[ ,!.]*)*$`)
	refine   = regexp.MustCompile(`^(no,? |actually,? |ok(ay)?,? |hm+,? |wait,? )*(make (it|that|this)|change|set|use|instead|rather|with|but|name it|call it|rename|it should be|should be|i meant|i mean|correction:?|edit:?|typo:?)\b|^(\*+\S+|\S+\*+)$|^sorry,? (i meant |i mean )?\S+( \S+)?$`)
	puzzled  = regexp.MustCompile(`^(\?+|what\?+|huh\??|hm+\??|what do you mean( by that)?\??|what does that mean\??|what is that\??|what do you need\??|what do you want( from me| to know)?\??|come again\??|sorry\?|pardon\??|i don'?t (understand|get it|know)|i do not (understand|know)|idk|no idea|not sure|dunno|what are (the|my) (options|choices)\??|what can i (choose|pick|say|type|enter)( here)?\??|which (ones|options)( are there)?\??|options\??|help me choose|continue|resume|go on|go back|where were we\??|repeat( that)?|again\??|say that again)[.!]*$`)
	mention  = regexp.MustCompile(`(?i)^(((hi|hey|hello|ok|yo)[ ,]+)?(<@!?[a-z0-9]+>[,:!]?|@(frontdoor|platform-?bot|frontdoor-?bot|bot|platform)\b[,:!]?|(frontdoor|platform-?bot|bot)[,:!])|(hi|hey|hello|yo)[ ,]+(frontdoor|platform-?bot|bot)[,:!]?)(\s+|$)`)
	decline  = regexp.MustCompile(`^((oh|ok(ay)?|hm+|wait|actually|please|sorry|no|nope|nah|well)[ ,!.]+)*(no|nope|nah|never ?mind|nvm|cancel|stop|forget (it|that|about it)|don'?t|do not|abort|drop it|leave it|not (now|yet|today)|no need|i don'?t want (that|it|this)|i('ve)? changed my mind)([ ,!.]+(never ?mind|cancel|stop|forget it|don'?t|do (it|that)|thanks|thank you|that|this|it|please|anymore|any more|for now|now|all|everything|after all))*[ ,!.]*$`)
	becomes  = regexp.MustCompile(`(?i)\b(?:should|shall|must|has to|needs to|ought to) be\b`)
	waits    = regexp.MustCompile(`^(no |ok |oh |please )*(wait|hold on|hang on|hold it|one (sec|second|moment|minute)|just a (sec|second|moment|minute)|a moment|give me a (sec|second|moment|minute)|brb|let me (think|check)|stand by)( a (sec|second|moment|minute|bit))?( please| pls)?[ .!…]*$`)
	howFar   = regexp.MustCompile(`^(so |and |hey |ok )*(is (it|that|this) (done|ready|finished|running|up|there|still (running|going)|working)( yet)?|(are|is) (we|you|it) (done|there|ready|finished)( yet)?|done( yet)?|ready( yet)?|finished( yet)?|how('s| is| does) (it|that) (going|doing|look|coming along)|how far( is it| are you| along)?|what('s| is) (the|its) (status|state|progress)|any (news|updates?|progress)|did (it|that) (work|finish|succeed|run)|has it (finished|worked|run)|progress)( yet)?[ ?!.]*$`)
	menus    = regexp.MustCompile(`\b(what|which)\b.*\b(are there|there are|options?|choices?|possible|available|allowed|can i|could i|may i|do you (have|support|offer|know|take)|exist|supported|else)\b`)
	instead  = regexp.MustCompile(`(?i)^(?:(?:actually|ok|no|oh|please)[ ,]+)*(?:never ?mind|nvm|forget (?:it|that|about (?:it|that))|scrap (?:it|that)|drop (?:it|that))(?:[,.;!–-]+\s*|\s+)(?:and |but |instead,? |rather,? |just |then )*(\S+(?:\s+\S+)+|help|status|human)[ .!]*$`)
	wantsHow = regexp.MustCompile(`^(so |and |hey |hi |please |ok |but |quick question[:,]? )*(how (do|can|should|would|does|to)|what (is|are|does|do|happens)|whats|what's|why|where|who|when|which|explain|describe)\b`)
)

// agrees tells whether the text is a yes in more than one word: "yes please do
// it".
func agrees(text string) bool {
	return len(text) <= 60 && agree.MatchString(strings.ToLower(strings.TrimSpace(text)))
}

// asksAgain tells whether the text wants the open question explained.
func asksAgain(text string) bool {
	return len(text) <= 60 && puzzled.MatchString(strings.ToLower(strings.TrimSpace(text)))
}

// unaddressed is the text without the bot's name in front of it.
func unaddressed(text string) string {
	at := mention.FindStringIndex(text)
	if at == nil {
		return text
	}
	return strings.TrimSpace(text[at[1]:])
}

// declines tells whether the text is a no in more than one word: "no, stop".
func declines(text string) bool {
	return len(text) <= 60 && decline.MatchString(strings.ToLower(strings.TrimSpace(text)))
}

// insteadOf is what is wanted in place of what waits: "never mind, show me my
// runs"; "" where nothing is.
func insteadOf(text string) string {
	m := instead.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil || declines(text) {
		return ""
	}
	return m[1]
}

// plainly says "name is x" for "name should be x".
func plainly(text string) string { return becomes.ReplaceAllString(text, "is") }

// another tells whether the text wants the same thing once more.
func another(text string) bool { return more.MatchString(strings.ToLower(text)) }

// refersTo tells whether the text speaks of something that was said before.
func refersTo(text string) bool {
	return pronoun.MatchString(strings.ToLower(strings.TrimSpace(text))) || refersBack(text)
}

// smallTalk tells hello, thanks and ok from requests; "" is none of them.
func smallTalk(text string) talk {
	if len(text) > 60 {
		return ""
	}
	lower := strings.ToLower(strings.TrimSpace(text))
	switch {
	case greets.MatchString(lower):
		return greeting
	case thankful.MatchString(lower):
		return thanks
	case waits.MatchString(lower):
		return waiting
	case oks.MatchString(lower):
		return okay
	}
	return ""
}

// isQuestion tells whether the text asks rather than states.
func isQuestion(text string) bool {
	lower := strings.ToLower(strings.TrimSpace(text))
	return strings.HasSuffix(lower, "?") || asks.MatchString(lower)
}

// asksHow tells whether the text wants to know rather than to have it done.
func asksHow(text string) bool {
	return wantsHow.MatchString(strings.ToLower(strings.TrimSpace(text)))
}

// refines tells whether the text changes what is on the table: "make it prod".
func refines(text string) bool {
	return len(text) <= 80 && refine.MatchString(strings.ToLower(strings.TrimSpace(text)))
}

// refersBack tells whether the text only makes sense after what was said
// before: "and in prod?", "what about staging".
func refersBack(text string) bool {
	lower := strings.ToLower(strings.TrimSpace(text))
	return len(text) <= 80 && (back.MatchString(lower) || further.MatchString(lower))
}
