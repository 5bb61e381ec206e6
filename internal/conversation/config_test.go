package conversation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestConfig(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"redis://localhost", "[localhost:6379] db 0"},
		{"redis://:pa%40ss@localhost:7000/3", "[localhost:7000] db 3 password pa@ss"},
		{"redis://ana:x@[::1]:7000?db=2", "[[::1]:7000] db 2 user ana password x"},
		{"rediss://h", "[h:6379] db 0 tls"},
		{"redis+sentinel://ana:x@a,b:7/main?db=1&sentinel_password=y", "[a:26379 b:7] db 1 user ana password x master main y"},
		{"redis+sentinel://a/main?tls=true", "[a:26379] db 0 tls master main "},
		{"redis+cluster://x:y@a:1,b:2,c", "[a:1 b:2 c:6379] db 0 user x password y cluster"},
		{"redis+cluster://a?tls=true", "[a:6379] db 0 tls cluster"},
		{"redis://", "doesn't name a host"},
		{"redis://a,b", "names several hosts"},
		{"redis+sentinel://a", "doesn't name the Sentinel's master"},
		{"redis+cluster://a/1", "names a database"},
		{"redis://a/one", "has a database that is no number"},
		{"redis://a/-1", "has a database that is no number"},
		{"http://a", "has a scheme that isn't known"},
		{"localhost:6379", "has a scheme that isn't known"},
		{"redis://:hunter2%zz@a", "is no address"},
		{"redis://:hunter2@a:port", "is no address"},
	} {
		o, err := Config{URL: c.url}.client()
		problems := Config{URL: c.url}.Validate()
		if err != nil {
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", c.url, err, c.want)
			}
			if len(problems.Errors()) != 1 || problems[0].Key != "redis.url" || !strings.Contains(problems[0].Message, err.Error()) || problems[0].Hint == "" {
				t.Errorf("%s: %+v", c.url, problems)
			}
			if strings.Contains(fmt.Sprint(problems), "hunter2") {
				t.Errorf("%s: the password is shown: %v", c.url, problems)
			}
			continue
		}
		if got := described(o); got != c.want {
			t.Errorf("%s: %q, want %q", c.url, got, c.want)
		}
		if len(problems) != 0 {
			t.Errorf("%s: %v", c.url, problems)
		}
	}
	if p := (Config{}).Validate(); len(p) != 0 || !(Config{}).Embedded() {
		t.Errorf("the default: %v", p)
	}
	if _, err := Open(t.Context(), Config{URL: "http://a"}, Options{}); err == nil {
		t.Error("a bad address was opened")
	}
}

func described(o *redis.UniversalOptions) string {
	got := fmt.Sprintf("%s db %d", o.Addrs, o.DB)
	if o.Username != "" {
		got += " user " + o.Username
	}
	if o.Password != "" {
		got += " password " + o.Password
	}
	if o.TLSConfig != nil {
		got += " tls"
	}
	if o.MasterName != "" {
		got += " master " + o.MasterName + " " + o.SentinelPassword
	}
	if o.IsClusterMode {
		got += " cluster"
	}
	return got
}

func FuzzConfig(f *testing.F) {
	for _, s := range []string{"", "redis://a", "redis+sentinel://a,b/m?db=1", "redis+cluster://u:p@a:1,b", "://", "redis://@,@/?#"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		c := Config{URL: raw}
		o, err := c.client()
		if err == nil && (len(o.Addrs) == 0 || o.Addrs[0] == "") {
			t.Fatalf("%q names %q", raw, o.Addrs)
		}
		if err != nil && !c.Embedded() && c.Validate().Err() == nil {
			t.Fatalf("%q is %v but valid", raw, err)
		}
	})
}
