package commands

import (
	"regexp"
	"strings"
)

// word is one built-in command: what people may type, and what it takes.
type word struct {
	verb  Verb
	says  []string // lower case; the first is the one that help shows
	run   needs
	args  needs
	about string // a line for help; "" is not listed
}

type needs int

const (
	no needs = iota
	may
	must
)

// words in the order that help shows them. A phrase only counts as the whole
// message, or before what it takes: "cancel" is a command, "cancel my order"
// is talk.
var words = []word{
	{Help, []string{"help", "commands", "menu", "?"}, no, may, "what I can do for you; `help WORD` searches, `help PLAYBOOK` shows one"},
	{Say, []string{"ask"}, no, may, "`ask QUESTION`: an answer from the docs"},
	{Use, []string{"run"}, no, may, "`run PLAYBOOK input=value …`: start a workflow"},
	{Status, []string{"status", "runs", "my runs", "list runs", "show runs", "show me my runs", "show my runs", "list my runs", "approvals", "my approvals", "pending approvals", "what is waiting for me", "what's waiting for me", "whats waiting for me", "what is waiting for me?", "what's waiting for me?", "whats waiting for me?", "any approvals?", "what waits for me"}, may, no, "`status` or `status RUN`: how runs are doing"},
	{No, []string{
		"no", "n", "nope", "nah", "never mind", "nevermind", "nvm", "never mind that", "actually never mind", "no never mind", "cancel that", "stop", "stop that",
		"forget it", "forget that", "forget about it", "drop it", "drop that", "leave it", "scrap it", "scrap that", "skip", "skip it", "not now", "abort", "no thanks",
		"no thank you", "don't", "do not", "please stop", "please don't",
	}, no, no, "`never mind`: drop what we were doing"},
	{Cancel, []string{"cancel", "stop", "please cancel"}, may, may, "`cancel RUN reason`: stop a run"},
	{Retry, []string{"retry", "try again", "rerun"}, may, no, "`retry RUN`: try a failed run again"},
	{Undo, []string{"undo", "take back", "revert"}, may, no, "`undo RUN`: take back what a run did"},
	{Approve, []string{"approve", "approved"}, may, no, "`approve RUN`, `deny RUN reason`: decide on what waits for your approval"},
	{Deny, []string{"deny", "reject", "denied"}, may, may, ""},
	{Yes, []string{"yes", "y", "yep", "yeah", "yup", "yes please", "ok do it", "do it", "go ahead", "confirm", "go", "ok", "okay", "sure", "lgtm", "ship it"}, no, no, ""},
	{Helpful, []string{"helpful", "that helped", "that was helpful", "this helped", "thumbs up", "useful", "👍"}, no, may, "`helpful`, `not helpful`: what you think of my answer; `feedback unhelpful WHY` says more"},
	{Unhelpful, []string{
		"not helpful", "unhelpful", "that didn't help", "that did not help", "didn't help", "did not help", "that doesn't help", "that was not helpful", "that wasn't helpful",
		"that's wrong", "that is wrong", "wrong answer", "wrong", "useless", "thumbs down", "👎", "not solved", "still broken", "still not working", "still doesn't work", "that didn't work", "it didn't work", "didn't work",
		"doesn't work", "it doesn't work", "that doesn't work", "does not work", "not working", "that didn't solve it", "didn't solve it", "not fixed",
		"that's not what i meant", "that is not what i meant", "not what i meant", "that's not what i asked", "not what i asked", "that's not it", "that is not it",
	}, no, may, ""},
	{Feedback, []string{"feedback"}, no, may, ""},
	{Solved, []string{"solved", "that solved it", "problem solved", "fixed it", "that fixed it", "that worked", "it worked", "it works", "works now", "it works now", "✅"}, no, no, "`solved`: tell me that it worked"},
	{Escalate, []string{"escalate", "human", "a human please", "🆘"}, no, may, "`human`: bring in the people behind the platform"},
	{Why, []string{"why", "explain"}, no, no, "`why`: how I came to my last reply"},
}

// sentences are words that only stand in a sentence, not in a search for help.
var sentences = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range []string{
		"i", "i'm", "im", "my", "me", "we", "our", "us", "is", "are", "isn't", "was", "can't", "cant", "cannot", "won't", "doesn't", "don't", "do", "does", "not", "how", "what",
		"why", "where", "when", "who", "to", "it", "it's", "this", "that", "the", "need", "needed", "wanted", "desk", "please", "keeps", "has", "failed", "fails",
	} {
		out[w] = true
	}
	return out
}()

// What asks for help, for reasons and for people in so many words; each is
// matched against the whole message in lower case without its last marks.
var (
	asksForHelp = regexp.MustCompile(`^(hi |hey |hello |so |ok |and |please )*(` +
		`(what|which things) (else )?(can|could) (you|i|we|this bot|the bot|this) (do|help|offer|ask|ask you|use|run|say|start)?( me)?( with)?( for (me|us))?( here)?` +
		`|what are you (able to do|capable of|good for|good at|for)( here)?` +
		`|what do you (actually |even )?(do|know|support|offer|help with)( for (me|us))?( here)?` +
		`|who are you|what are you( for)?|what is this( bot| thing)?( for)?|what('s| is) this` +
		`|how (do|can|does) (i|you|this|this bot|it) (use (you|this|it|this bot|the bot)|work|help( me| us)?)` +
		`|what are (your|the|my) (commands|options|capabilities|playbooks|features|skills|workflows)` +
		`|(list|show)( me)?( all)?( the| your| my)? (commands|playbooks|options|everything|workflows|menu|catalogue|catalog)` +
		`|(what|which) (commands|playbooks|workflows|options) (are there|do you (have|know|support)|can i (use|run)|exist)` +
		`|can you help( me| us)?|i need help|help me|need help|help please|--help|-h|usage|capabilities|options` +
		`)$`)
	asksForReasons = regexp.MustCompile(`^(ok |but |and |wait |hm+ |so |please )*(` +
		`why|explain|why (did|do|would|are|were) you (say|saying|said|think|answer|choose|chose|pick|picked|suggest|ask|asking|do|refuse|show me|reply|match|take|run)?( me)?( that| this| so| it| this one| that one)?` +
		`|why (this|that|this one|that one|not|so|is that|this playbook|that playbook|this answer|that answer)` +
		`|explain (yourself|that|this|why|your answer|your decision|the decision|your reply|that answer)|explain why (you said that|that|this)` +
		`|how did you (come up with|get|know|decide|find|choose|pick|come to|arrive at)( to)?( on)?( that| this| it)?|how come|how so|what makes you (say|think) (that|so|this)|says who|based on what` +
		`)$`)
	asksForHuman = regexp.MustCompile(`^(ok |please |can you |could you |i'd like to |i would like to |i want to |can i |could i |let me |i need to |just )*(` +
		`(i |we )?(need|want|get me|get|give me|talk to|speak to|speak with|talk with|call|ask|page|bring in|connect me to|chat with|find me|reach)( to)?( a| an| some| somebody| someone| real| actual| the)*( human| person| real person| human being| agent| people| humans| somebody| someone)( please| pls| now)?` +
		`|(a )?human( being)?( please| pls| now)?|real person|i need help from a (human|person)|escalate (this|it|that)( please)?|escalate please|human help|get help from a human` +
		`)$`)
)

// What people put around an opinion: "thanks, that worked", "no that didnt help",
// "it works now, thank you".
var (
	politely     = regexp.MustCompile(`^((no|nope|nah|hm+|oh|ok|okay|yes|yep|yeah|yay|great|cool|nice|perfect|awesome|super|sorry|unfortunately|thanks|thx|ty|tysm|cheers|thank you|many thanks)( so much| a lot)?( but)?[,.!;: ]+)+`)
	thanksBehind = regexp.MustCompile(`[,.!; ]+(thanks|thx|ty|tysm|cheers|thank you|many thanks)( so much| a lot| again)?[.! ]*$`)
	unquote      = strings.NewReplacer("'", "", "’", "")
)
