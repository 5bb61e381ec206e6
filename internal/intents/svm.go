package intents

import (
	"math"
	"slices"
)

// svm is one binary problem: examples x with labels y (+1 or -1) and costs c.
// It minimises ½|w|² + Σ cᵢ max(0, 1 - yᵢ(w·xᵢ + b))² by dual coordinate
// descent with shrinking: Hsieh, Chang, Lin, Keerthi and Sundararajan, “A Dual
// Coordinate Descent Method for Large-scale Linear SVM”, ICML 2008, algorithm 3.
type svm struct {
	x      []vector
	square []float32 // |x|², by example
	alpha  []float32 // dual variables, by example; what a warm start begins with
	w      []float32 // by feature
	bias   float32
	random uint64
	halt   func() bool // ends the descent where it is; nil is never
}

// Settings of the training, measured on five sets of messages and flat around
// these values. cost is C. A classifier begins at offset, the negatives' side,
// and learns the rest of its constant as the weight of a feature of value
// biasScale: most messages are negatives, which then cost nothing. tolerance is
// the largest violation of optimality that is left.
const (
	cost      = 1.0
	offset    = -1.0
	biasScale = 1.0
	tolerance = 0.1
	fine      = 0.01 // tolerance of a small set, where it costs nothing: twins come out alike
	small     = 2000 // examples
	settled   = 0.05 // an unused example this far on its side is set aside until the check
	sampled   = 16   // one negative in so many is looked at first
	maxPasses = 100
)

func (s *svm) next(n int) int {
	// xorshift64*: Vigna 2016. Any generator that is the same everywhere does.
	s.random ^= s.random >> 12
	s.random ^= s.random << 25
	s.random ^= s.random >> 27
	hi := (s.random * 0x2545F4914F6CDD1D) >> 33
	return int(hi % uint64(n))
}

// reset forgets what was learnt.
func (s *svm) reset() {
	clear(s.alpha)
	clear(s.w)
	s.bias, s.random = 0, 88172645463325252
}

// support is the examples with a dual variable above 0, by row.
func (s *svm) support() []dual {
	var out []dual
	for i, a := range s.alpha {
		if a > 0 {
			out = append(out, dual{int32(i), a})
		}
	}
	return out
}

// warm begins with the duals of another solution, without the rows that
// without names, and returns the rows that it took.
func (s *svm) warm(duals []dual, label []int32, c int32, without func(row int32) bool) []int32 {
	var rows []int32
	for _, d := range duals {
		if without != nil && without(d.row) {
			continue
		}
		rows = append(rows, d.row)
		s.alpha[d.row] = d.alpha
		v := d.alpha
		if label[d.row] != c {
			v = -v
		}
		s.add(s.x[d.row], v)
	}
	return rows
}

// solve trains class c against the rest on the examples named by rows. With
// many of them it begins on the positives and a few negatives, so that the
// first look at all of them sets most aside.
func (s *svm) solve(rows []int32, c int32, label []int32, costs []float32) {
	if len(rows) >= small {
		var first []int32
		for i, row := range rows {
			if label[row] == c || i%sampled == int(c)%sampled {
				first = append(first, row)
			}
		}
		s.descend(first, c, label, costs, false)
	}
	s.descend(slices.Clone(rows), c, label, costs, true)
}

// descend goes over active, which it reorders, until no example in it violates
// optimality by more than the tolerance; checked looks in the end at those that
// were set aside.
func (s *svm) descend(active []int32, c int32, label []int32, costs []float32, checked bool) {
	n := len(active)
	enough := float32(tolerance)
	if len(s.x) < small {
		enough = fine
	}
	infinite := float32(math.Inf(1))
	limit := infinite // an unused example farther on its side than this is set aside
	check := false
	for range maxPasses {
		if s.halt != nil && s.halt() {
			return
		}
		most, least := -infinite, infinite // violation of optimality
		for i := range n {
			j := i + s.next(n-i)
			active[i], active[j] = active[j], active[i]
		}
		for k := 0; k < n; k++ {
			row := active[k]
			y := float32(-1)
			if label[row] == c {
				y = 1
			}
			diag := 0.5 / costs[row]
			x := s.x[row]
			a := s.alpha[row]
			g := (s.dot(x)+s.bias*biasScale+offset)*y - 1 + diag*a
			violation := g
			if a == 0 {
				if !check && (g > limit || g > settled) {
					n--
					active[k], active[n] = active[n], active[k]
					k--
					continue
				}
				violation = min(g, 0)
			}
			most, least = max(most, violation), min(least, violation)
			if violation > -1e-7 && violation < 1e-7 {
				continue
			}
			next := max(a-g/(s.square[row]+biasScale*biasScale+diag), 0)
			s.alpha[row] = next
			s.add(x, (next-a)*y)
		}
		if most-least <= enough {
			if n == len(active) || !checked {
				return
			}
			n, check, limit = len(active), true, infinite
			continue
		}
		check, limit = false, most
		if limit <= 0 {
			limit = infinite
		}
	}
}

func (s *svm) dot(x vector) float32 {
	w, vals := s.w, x.vals[:len(x.ids)]
	sum := float32(0)
	for i, id := range x.ids {
		sum += w[id] * vals[i]
	}
	return sum
}

// add moves the classifier by d times x.
func (s *svm) add(x vector, d float32) {
	s.bias += d * biasScale
	w, vals := s.w, x.vals[:len(x.ids)]
	for i, id := range x.ids {
		w[id] += d * vals[i]
	}
}
