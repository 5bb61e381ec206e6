// Package intents tells which playbook a free text asks for, how sure that is
// and which inputs the text already names, without a language model.
//
// The lower half is a text classifier that knows nothing of playbooks: Train,
// Model and Evaluate. The upper half, Matcher, reads the examples, near misses,
// patterns and inputs of playbooks and turns a message into a Match.
//
// A message becomes four blocks of TF-IDF features (words, word pairs with
// edge markers, character 2- to 5-grams inside words, stems), each of length
// one. One linear classifier an intent, an L2-loss support vector machine
// trained by dual coordinate descent (Hsieh and others, 2008), ranks the
// intents. A logistic regression over the evidence that the message belongs to
// the catalogue at all makes the score a probability; it is fitted on
// messages of intents that were hidden from training and on everyday talk
// that the package carries (background.txt), so that no example of "something
// else" is needed.
//
// The same training set gives the same bits, whatever the number of
// processors, and nothing ranges over a map.
package intents
