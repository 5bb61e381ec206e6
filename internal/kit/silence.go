package kit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"time"
)

// maxSilence is how long an alert may be silent, in hours.
const maxSilence = 72

var (
	alertName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
	labelValue = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
)

// Silence writes a silence as Alertmanager takes it at POST /api/v2/silences.
type Silence struct {
	Alert       string  `required:"" help:"Name of the alert, such as LabelsErrorRateHigh."`
	Service     string  `help:"Only for this service."`
	Environment string  `default:"prod" help:"dev, staging or prod."`
	Hours       float64 `default:"2" help:"For how long: above 0, at most 72."`
	Reason      string  `required:"" help:"Why, in a sentence."`
	By          string  `required:"" help:"Who asks for it."`
	Into        string  `default:"." help:"Directory to write silence.json into."`
}

// Silenced is what was written. File is absolute, times are UTC.
type Silenced struct {
	File     string    `json:"file"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	Matchers []string  `json:"matchers"` // as amtool writes them
}

// matcher and silence are Alertmanager's API v2.
type matcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual bool   `json:"isEqual"`
}

type silence struct {
	Matchers  []matcher `json:"matchers"`
	StartsAt  time.Time `json:"startsAt"`
	EndsAt    time.Time `json:"endsAt"`
	CreatedBy string    `json:"createdBy"`
	Comment   string    `json:"comment"`
}

func (s *Silence) run(out io.Writer) error {
	made, err := s.Write(time.Now())
	if err != nil {
		return err
	}
	return printJSON(out, made)
}

// Write checks the silence and writes silence.json, beginning now.
func (s *Silence) Write(now time.Time) (Silenced, error) {
	reason := plainLine(s.Reason)
	switch {
	case !alertName.MatchString(s.Alert):
		return Silenced{}, fmt.Errorf("%q cannot be the name of an alert: write one such as LabelsErrorRateHigh", s.Alert)
	case s.Service != "" && !labelValue.MatchString(s.Service):
		return Silenced{}, fmt.Errorf("%q cannot be the name of a service", s.Service)
	case !labelValue.MatchString(s.Environment):
		return Silenced{}, fmt.Errorf("there is no environment %q", s.Environment)
	case !(s.Hours > 0 && s.Hours <= maxSilence):
		return Silenced{}, fmt.Errorf("an alert is silent for at most %d hours, not %v", maxSilence, s.Hours)
	case len([]rune(reason)) < 10:
		return Silenced{}, errors.New("the reason is too short for whoever finds the silence at night: write a sentence")
	case s.By == "":
		return Silenced{}, errors.New("a silence needs somebody who asked for it")
	}
	body := silence{StartsAt: now.UTC().Truncate(time.Second), CreatedBy: s.By, Comment: reason}
	body.EndsAt = body.StartsAt.Add(time.Duration(s.Hours * float64(time.Hour))).Truncate(time.Second)
	made := Silenced{StartsAt: body.StartsAt, EndsAt: body.EndsAt}
	for _, label := range [][2]string{{"alertname", s.Alert}, {"env", s.Environment}, {"service", s.Service}} {
		if label[1] != "" {
			body.Matchers = append(body.Matchers, matcher{Name: label[0], Value: label[1], IsEqual: true})
			made.Matchers = append(made.Matchers, fmt.Sprintf("%s=%q", label[0], label[1]))
		}
	}
	text, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		return Silenced{}, fmt.Errorf("write the silence: %w", err)
	}
	into, err := filepath.Abs(s.Into)
	if err != nil {
		return Silenced{}, fmt.Errorf("find the directory to write into: %w", err)
	}
	made.File = filepath.Join(into, "silence.json")
	if err := writeAll(into, map[string][]byte{made.File: append(text, '\n')}); err != nil {
		return Silenced{}, fmt.Errorf("write the silence: %w", err)
	}
	return made, nil
}
