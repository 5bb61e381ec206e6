package docs

import "regexp"

// Some pages tell of one time rather than of how things are: what a release
// changed, what to mind in an upgrade, what somebody proposes. They have the
// words of many questions and answer few.
var datedPage = regexp.MustCompile(`(?i)(?:^|/)(?:(?:[^/]*[-_.])?(?:release[-_]?notes?|change[-_]?logs?)|releases?|changes|what'?s[-_]?new|news|blog|archived?|` +
	`proposals?|rfcs?|adrs?|keps?|upgrad(?:e|ing)|migrations?|migrating|deprecations?|roadmap|history|versions)(?:[-_.]?v?\d[^/]*)?(?:$|/)`)

// datedQuestion matches questions that such pages may answer.
var datedQuestion = regexp.MustCompile(`(?i)\b(?:released?|releases|change ?logs?|upgrad\w*|updat(?:e|ing) (?:to|from)|migrat\w*|versions?|deprecat\w*|` +
	`proposals?|roadmap|history|new in|breaking changes?|v?\d+\.\d+(?:\.\d+)?|removed|since)\b`)

// maxDated bounds how much of a question is looked at for that, in bytes.
const maxDated = 2000
