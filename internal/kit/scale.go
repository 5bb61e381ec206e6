package kit

import (
	"fmt"
	"io"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
)

// Scale renders a HorizontalPodAutoscaler and says what it takes at most,
// against the quota of its namespace.
type Scale struct {
	Name        string `required:"" help:"Name of the Deployment."`
	Environment string `default:"prod" help:"dev, staging or prod."`
	Min         int    `default:"2" help:"Fewest replicas, 1 to 100."`
	Max         int    `required:"" help:"Most replicas, 1 to 100."`
	Target      int    `default:"65" help:"CPU use to aim at, in percent of what is reserved, 10 to 95."`
	CPU         string `name:"cpu" default:"100m" help:"CPU that one replica reserves."`
	Memory      string `default:"128Mi" help:"Memory that one replica reserves."`
	QuotaCPU    string `name:"quota-cpu" default:"40" help:"CPU that the namespace may reserve."`
	QuotaMemory string `name:"quota-memory" default:"160Gi" help:"Memory that the namespace may reserve."`
	Into        string `default:"." help:"Directory to write NAME-autoscaler.yaml into."`
}

// Scaled is what was rendered. File is absolute; CPU is in cores and Memory in
// GiB, for all replicas together.
type Scaled struct {
	File     string   `json:"file"`
	Objects  []string `json:"objects"`
	AtLeast  Capacity `json:"at_least"`
	AtMost   Capacity `json:"at_most"`
	Quota    Capacity `json:"quota"`
	Fits     bool     `json:"fits"`    // the most is within the quota
	Largest  int      `json:"largest"` // the most replicas that the quota allows
	Findings []string `json:"findings"`
}

// Capacity is CPU in cores and memory in GiB.
type Capacity struct {
	CPU    float64 `json:"cpu"`
	Memory float64 `json:"memory"`
}

func (s *Scale) run(out io.Writer) error {
	made, err := s.Render()
	if err != nil {
		return err
	}
	return printJSON(out, made)
}

// Render writes the manifest after it has passed the checks. Doing it again
// writes the same file. More than the quota is a finding and no error: the
// quota can be raised.
func (s *Scale) Render() (Scaled, error) {
	switch {
	case !dnsLabel.MatchString(s.Name):
		return Scaled{}, fmt.Errorf("%q cannot be the name of a service: write at most 63 lower-case letters, digits and hyphens", s.Name)
	case !slices.Contains(environments, s.Environment):
		return Scaled{}, fmt.Errorf("there is no environment %q: write dev, staging or prod", s.Environment)
	case s.Min < 1 || s.Max > maxReplicas || s.Min > s.Max:
		return Scaled{}, fmt.Errorf("write 1 to %d replicas, the fewest first: not %d to %d", maxReplicas, s.Min, s.Max)
	case s.Target < 10 || s.Target > 95:
		return Scaled{}, fmt.Errorf("aim at 10 to 95 percent, not %d", s.Target)
	}
	amounts := map[string]*big.Rat{}
	for _, text := range []string{s.CPU, s.Memory, s.QuotaCPU, s.QuotaMemory} {
		amount, ok := readAmount(text)
		if !ok || amount.Sign() <= 0 {
			return Scaled{}, fmt.Errorf("%q is no amount: write one such as 250m or 256Mi", text)
		}
		amounts[text] = amount
	}
	source, err := fill("templates/manifest/autoscaler.yaml.tmpl", s)
	if err != nil {
		return Scaled{}, fmt.Errorf("render the autoscaler of %s: %w", s.Name, err)
	}
	into, err := filepath.Abs(s.Into)
	if err != nil {
		return Scaled{}, fmt.Errorf("find the directory to write into: %w", err)
	}
	cpu, memory, quotaCPU, quotaMemory := amounts[s.CPU], amounts[s.Memory], amounts[s.QuotaCPU], amounts[s.QuotaMemory]
	made := Scaled{
		File: filepath.Join(into, s.Name+"-autoscaler.yaml"), Findings: []string{},
		AtLeast: capacity(cpu, memory, s.Min), AtMost: capacity(cpu, memory, s.Max), Quota: capacity(quotaCPU, quotaMemory, 1),
		Largest: min(times(quotaCPU, cpu), times(quotaMemory, memory)),
	}
	made.Fits = s.Max <= made.Largest
	if !made.Fits {
		made.Findings = append(made.Findings, fmt.Sprintf("The quota of %s CPU and %s allows %d replicas.", s.QuotaCPU, s.QuotaMemory, made.Largest))
	}
	if s.Environment == "prod" && s.Min < 2 {
		made.Findings = append(made.Findings, "One replica is down during every deploy and every move of its node: write 2 or more in prod.")
	}
	if s.Min == s.Max {
		made.Findings = append(made.Findings, "The fewest and the most are the same: nothing scales.")
	}
	checked := Checked{}
	checked.Objects, checked.Findings = checkManifest(made.File, source)
	if hasErrors(checked.Findings) {
		return Scaled{}, refused(checked)
	}
	made.Objects = checked.Objects
	if err := writeAll(into, map[string][]byte{made.File: source}); err != nil {
		return Scaled{}, fmt.Errorf("write the autoscaler of %s: %w", s.Name, err)
	}
	return made, nil
}

func capacity(cpu, memory *big.Rat, replicas int) Capacity {
	n := new(big.Rat).SetInt64(int64(replicas))
	cores, _ := new(big.Rat).Mul(cpu, n).Float64()
	gib, _ := new(big.Rat).Quo(new(big.Rat).Mul(memory, n), new(big.Rat).SetInt64(1<<30)).Float64()
	return Capacity{CPU: cores, Memory: gib}
}

// times is how often part goes into whole, at most 100000.
func times(whole, part *big.Rat) int {
	q := new(big.Rat).Quo(whole, part)
	n := new(big.Int).Quo(q.Num(), q.Denom())
	if !n.IsInt64() || n.Int64() > 100000 {
		return 100000
	}
	return int(n.Int64())
}

// readAmount reads a quantity of Kubernetes: a number with m, k, M, Ki, Mi and
// so on behind it.
func readAmount(text string) (*big.Rat, bool) {
	if !quantity.MatchString(text) {
		return nil, false
	}
	number := strings.TrimRight(text, "mkMGTPEKi")
	amount, ok := new(big.Rat).SetString(number)
	if !ok {
		return nil, false
	}
	switch unit := text[len(number):]; {
	case unit == "":
	case unit == "m":
		amount.Quo(amount, big.NewRat(1000, 1))
	case strings.HasSuffix(unit, "i"):
		power := strings.Index("KMGTPE", unit[:1]) + 1
		amount.Mul(amount, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(10*power))))
	default:
		power := strings.Index("kMGTPE", unit) + 1
		amount.Mul(amount, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(1000), big.NewInt(int64(power)), nil)))
	}
	return amount, true
}
