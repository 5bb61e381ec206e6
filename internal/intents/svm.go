package intents

import "math"

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
}

// Settings of the training. Cost is C; biasScale is the value of the constant
// feature; tolerance the largest violation of optimality that is left.
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
		s.bias += v * biasScale
		x := s.x[d.row]
		for i, id := range x.ids {
			s.w[id] += v * x.vals[i]
		}
	}
	return rows
}

// solve trains class c against the rest on the examples named by rows.
func (s *svm) solve(rows []int32, c int32, label []int32, costs []float32) {
	active := append([]int32(nil), rows...)
	n := len(active)
	enough := float32(tolerance)
	if len(s.x) < small {
		enough = fine
	}
	maxOld, minOld := float32(math.Inf(1)), float32(math.Inf(-1))
	check := false // a pass over everything, to see that nothing set aside is wrong
	for range maxPasses {
		maxNew, minNew := float32(math.Inf(-1)), float32(math.Inf(1))
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
			x := &s.x[row]
			g := s.bias*biasScale + offset
			vals := x.vals
			for i, id := range x.ids {
				g += s.w[id] * vals[i]
			}
			a := s.alpha[row]
			g = g*y - 1 + diag*a
			pg := g
			if a == 0 {
				if !check && (g > maxOld || g > settled) {
					n--
					active[k], active[n] = active[n], active[k]
					k--
					continue
				}
				pg = min(g, 0)
			}
			maxNew, minNew = max(maxNew, pg), min(minNew, pg)
			if pg > -1e-7 && pg < 1e-7 {
				continue
			}
			na := max(a-g/(s.square[row]+biasScale*biasScale+diag), 0)
			s.alpha[row] = na
			d := (na - a) * y
			s.bias += d * biasScale
			for i, id := range x.ids {
				s.w[id] += d * vals[i]
			}
		}
		if maxNew-minNew <= enough {
			if n == len(active) {
				return
			}
			n, check = len(active), true
			maxOld, minOld = float32(math.Inf(1)), float32(math.Inf(-1))
			continue
		}
		check = false
		maxOld, minOld = maxNew, minNew
		if maxOld <= 0 {
			maxOld = float32(math.Inf(1))
		}
		if minOld >= 0 {
			minOld = float32(math.Inf(-1))
		}
	}
}
