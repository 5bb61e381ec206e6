package demand

import "math"

// tooFew is the number of opinions below which satisfaction has no value.
const tooFew = 5

// z is the 97.5th percentile of the normal distribution.
const z = 1.959963984540054

func count(value, n int) Figure {
	v := float64(value)
	return Figure{Value: &v, N: n}
}

// ratio has no value without a denominator.
func ratio(numerator, denominator int) Figure {
	f := Figure{Numerator: &numerator, Denominator: &denominator, N: denominator}
	if denominator > 0 {
		v := float64(numerator) / float64(denominator)
		f.Value = &v
	}
	return f
}

// satisfaction is a ratio with Wilson's score interval (Wilson 1927), whose
// value is held back where too few have spoken.
func satisfaction(positive, people int) Figure {
	f := ratio(positive, people)
	if people == 0 {
		return f
	}
	n, p := float64(people), *f.Value
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	low, high := max(0, middle-half), min(1, middle+half)
	f.Low, f.High = &low, &high
	if people < tooFew {
		f.Value = nil
	}
	return f
}

// percentile is the nearest rank of sorted durations in ms, to three
// significant digits.
func percentile(sorted []int64, p int) Figure {
	f := Figure{N: len(sorted)}
	if len(sorted) > 0 {
		rank := (p*len(sorted) + 99) / 100
		v := float64(threeDigits(sorted[max(rank, 1)-1]))
		f.Value = &v
	}
	return f
}

// threeDigits rounds to three significant digits, a half to the even digit.
func threeDigits(ms int64) int64 {
	if ms < 0 {
		return -threeDigits(-ms)
	}
	scale := int64(1)
	for ms/scale >= 1000 {
		scale *= 10
	}
	q, rest := ms/scale, ms%scale
	if 2*rest > scale || 2*rest == scale && q%2 == 1 {
		q++
	}
	return q * scale
}
