package eval

// talk is what people write that no platform's catalogue is asked for: talk,
// general knowledge, other trades. It is never trained on.
var talk = []string{
	"who won the world cup", "what's the weather like in oslo", "how old is the queen of denmark", "good morning everyone",
	"lol that was a fun meeting", "anyone up for lunch at the thai place?", "i have a dentist appointment this afternoon",
	"what does this word mean in spanish", "can you recommend a good book about history", "why is the sky blue",
	"happy birthday anna!", "thanks a lot, that helped", "see you all on monday", "how do i bake sourdough bread",
	"what is the capital of mongolia", "tell me a joke about cats", "which phone has the best camera", "my cat is sick today",
	"has anybody seen my umbrella", "the coffee machine makes weird noises", "who wrote war and peace", "when did the berlin wall fall",
	"play some jazz", "how many calories are in an avocado", "should i buy bitcoin", "where can i watch the game tonight",
	"nice work on the talk yesterday", "the train was late again", "can someone water the plants while i'm away", "what do you think about pineapple on pizza",
	"i'm running five minutes late", "how far is the moon", "who is the ceo of that startup", "do you have children",
	"please translate this sentence to french", "what time is it in tokyo", "set an alarm for seven", "remind me to buy milk",
	"is it going to rain tomorrow", "congratulations on the new baby", "what's your favourite movie", "how tall is mount everest",
	"who painted the mona lisa", "i'm so tired of meetings", "did anyone lose a red scarf", "what is the meaning of life",
	"how do you remove a wine stain from a carpet", "i need a haircut", "book me a table for two", "who is going to the conference in may",
	"can i bring my dog to the office", "the elevator is stuck again", "how long do you boil an egg", "what's the best way to learn chess",
	"we should celebrate this", "does anyone have a spare charger for a phone", "my neighbour plays the drums all night", "what's two hundred divided by seven",
	"show me pictures of puppies", "why do cats purr", "give me a recipe for lasagna", "who invented the telephone",
	"is there a pharmacy near the station", "how do planes stay in the air", "i love this song", "haha good one",
	"when is mother's day this year", "what should i wear to a wedding", "are tomatoes fruit", "how do i get to the airport",
}

// empty is single words that ask for nothing.
var empty = []string{"help", "thing", "it", "hello", "ok", "test", "please", "what", "who", "yes", "more", "this", "need", "new", "how", "why", "question", "hmm", "stuff", "now"}
