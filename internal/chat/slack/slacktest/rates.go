package slacktest

import (
	"cmp"
	"sync"
	"time"
)

// Rate is how often a method may be called by one app in one workspace. For
// Burst calls at once the minute does not have to be waited for; 0 is
// PerMinute of them.
type Rate struct {
	PerMinute int
	Burst     int
}

// The limits that are no method's, as keys of Options.Rates.
const (
	PerChannel    = "messages per channel"   // 60 a minute, 3 at once
	PerWorkspace  = "messages per workspace" // 600 a minute
	EventsPerHour = "events per hour"        // 30,000; PerMinute counts the hour here
)

// rates counts calls. Without limits it counts nothing.
type rates struct {
	clock *clock
	on    bool
	own   map[string]Rate

	mu      sync.Mutex
	windows map[string][]time.Duration // the calls of the last minute
	levels  map[string]level
	hours   map[string][]time.Duration
	told    map[string]time.Duration // when a workspace last heard of app_rate_limited
}

type level struct {
	tokens float64
	at     time.Duration
}

func newRates(c *clock, o Options) *rates {
	return &rates{
		clock: c, on: o.Limits, own: o.Rates,
		windows: map[string][]time.Duration{}, levels: map[string]level{}, hours: map[string][]time.Duration{}, told: map[string]time.Duration{},
	}
}

// take counts a call, or tells how long to wait for the next.
func (r *rates) take(method, team string, rate Rate) time.Duration {
	if !r.on {
		return 0
	}
	if own, ok := r.own[method]; ok {
		rate = own
	}
	return r.use(method+" "+team, rate)
}

// post counts a message that shall stand in a channel.
func (r *rates) post(team, channel string) time.Duration {
	if !r.on {
		return 0
	}
	one, all := Rate{PerMinute: 60, Burst: 3}, Rate{PerMinute: 600}
	if own, ok := r.own[PerChannel]; ok {
		one = own
	}
	if own, ok := r.own[PerWorkspace]; ok {
		all = own
	}
	if wait := r.use(PerChannel+" "+channel, one); wait > 0 {
		return wait
	}
	return r.use(PerWorkspace+" "+team, all)
}

// hook counts a use of a response_url: one a second, all five at once.
func (r *rates) hook(id string) time.Duration {
	if !r.on {
		return 0
	}
	return r.use("response_url "+id, Rate{PerMinute: 60, Burst: hookUses})
}

func (r *rates) use(key string, rate Rate) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.now()
	if rate.Burst > 0 {
		l, known := r.levels[key]
		if !known {
			l = level{tokens: float64(rate.Burst), at: now}
		}
		second := float64(rate.PerMinute) / 60
		l.tokens = min(float64(rate.Burst), l.tokens+(now-l.at).Seconds()*second)
		l.at = now
		var wait time.Duration
		if l.tokens < 1 {
			wait = max(time.Millisecond, time.Duration((1-l.tokens)/second*float64(time.Second)))
		} else {
			l.tokens--
		}
		r.levels[key] = l
		return wait
	}
	window, wait := slide(r.windows[key], now, time.Minute, rate.PerMinute)
	r.windows[key] = window
	return wait
}

// slide counts one more in a window of that length, or tells how long it takes
// until the oldest has left it.
func slide(window []time.Duration, now, length time.Duration, most int) ([]time.Duration, time.Duration) {
	old := 0
	for old < len(window) && window[old] <= now-length {
		old++
	}
	window = window[old:]
	if len(window) >= most {
		if most <= 0 {
			return window, length
		}
		return window, window[0] + length - now
	}
	return append(window, now), 0
}

// event counts an event for the app in a workspace. tell is set once a minute
// while there are too many.
func (r *rates) event(team string) (deliver, tell bool) {
	if !r.on {
		return true, false
	}
	most := cmp.Or(r.own[EventsPerHour].PerMinute, 30_000)
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.now()
	window, wait := slide(r.hours[team], now, time.Hour, most)
	r.hours[team] = window
	if wait == 0 {
		return true, false
	}
	last, told := r.told[team]
	if !told || now-last >= time.Minute {
		r.told[team] = now
		return false, true
	}
	return false, false
}
