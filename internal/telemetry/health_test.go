package telemetry_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"frontdoor/internal/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReadiness(t *testing.T) {
	well := func(context.Context) error { return nil }
	gone := func(context.Context) error { return errors.New("connection refused") }
	hangs := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for name, c := range map[string]struct {
		redis, database func(context.Context) error
		status          int
		degraded        string
	}{
		"all well":         {well, well, 200, ""},
		"database away":    {well, gone, 200, "database"},
		"redis away":       {gone, well, 503, ""},
		"redis hangs":      {hangs, well, 503, ""},
		"both are missing": {gone, gone, 503, "database"},
	} {
		t.Run(name, func(t *testing.T) {
			h := telemetry.NewHealth([]telemetry.Part{{Name: "redis", Vital: true, Check: c.redis}, {Name: "database", Check: c.database}})
			s, err := telemetry.Listen(t.Context(), "127.0.0.1:0", h, telemetry.NewRegistry(), zap.NewNop())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			status, body := get(t, "http://"+s.Address+"/readyz")
			var r telemetry.Readiness
			if err := json.Unmarshal(body, &r); err != nil {
				t.Fatalf("%v in %s", err, body)
			}
			if status != c.status || strings.Join(r.Degraded, ",") != c.degraded || len(r.Parts) != 2 {
				t.Errorf("%d %+v, want %d degraded %q", status, r, c.status, c.degraded)
			}
			if status, _ := get(t, "http://"+s.Address+"/healthz"); status != 200 {
				t.Errorf("/healthz says %d", status)
			}
			if _, body := get(t, "http://"+s.Address+"/metrics"); !strings.Contains(string(body), "go_goroutines") {
				t.Errorf("/metrics says %.100s", body)
			}
		})
	}
}

func get(t *testing.T, url string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body
}
