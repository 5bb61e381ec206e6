// Package telemetry tells operators how the bot is doing: health, readiness
// and metrics over HTTP.
package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

// Part is one part that can be well or not. A part that is Vital makes the bot
// unready when it is not; any other only degrades it.
type Part struct {
	Name  string
	Vital bool
	Check func(context.Context) error
}

// State is how one part was found.
type State struct {
	Part   string `json:"part"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // what is wrong, "" when nothing is
}

// Readiness is the body of /readyz.
type Readiness struct {
	Ready    bool     `json:"ready"`
	Degraded []string `json:"degraded"`
	Parts    []State  `json:"parts"`
}

// Health asks all parts.
type Health struct{ parts []Part }

// NewHealth returns the health of these parts, in their order.
func NewHealth(parts []Part) *Health { return &Health{parts: parts} }

// checkTimeout bounds one part's answer: a probe waits a second by default.
const checkTimeout = 800 * time.Millisecond

// Ready asks every part, at the same time.
func (h *Health) Ready(ctx context.Context) Readiness {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	found := make([]chan error, len(h.parts))
	for i, p := range h.parts {
		found[i] = make(chan error, 1)
		go func() { found[i] <- p.Check(ctx) }()
	}
	out := Readiness{Ready: true, Degraded: []string{}}
	for i, p := range h.parts {
		var err error
		select {
		case err = <-found[i]:
		case <-ctx.Done():
			// One part that hangs must not make those that have answered look bad.
			select {
			case err = <-found[i]:
			default:
				err = errors.New("no answer in time")
			}
		}
		s := State{Part: p.Name, OK: err == nil}
		if err != nil {
			s.Detail = err.Error()
			if p.Vital {
				out.Ready = false
			} else {
				out.Degraded = append(out.Degraded, p.Name)
			}
		}
		out.Parts = append(out.Parts, s)
	}
	return out
}

// Server serves /healthz, /readyz and /metrics.
type Server struct {
	http    *http.Server
	served  chan struct{}
	Address string // where it really listens: port 0 takes a free one
}

// Listen starts the server; address is host:port.
func Listen(ctx context.Context, address string, h *Health, registry *prometheus.Registry, log *zap.Logger) (*Server, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ready := h.Ready(r.Context())
		w.Header().Set("Content-Type", "application/json")
		if !ready.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(ready)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	s := &Server{
		http:    &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second},
		served:  make(chan struct{}),
		Address: l.Addr().String(),
	}
	go func() {
		defer close(s.served)
		if err := s.http.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			log.Error("serve health", zap.Error(err))
		}
	}()
	return s, nil
}

// Close stops the server; requests in hand get two seconds.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	<-s.served
	return err
}

// NewRegistry returns a registry with what Go and the process say of themselves.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}
