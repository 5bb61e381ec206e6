package docs

import (
	"slices"
	"strings"
	"testing"
)

var platform = map[string]string{
	"ingress.md":                   "# Ingress\n\nAn Ingress routes traffic of a Kubernetes cluster to Services.\n\n## TLS\n\nName a Secret with the certificate.\n",
	"volumes.md":                   "# Volumes\n\nA PersistentVolumeClaim asks for storage.\n\n## Mount errors\n\nMountVolume.SetUp failed means that the node could not mount the volume.\n",
	"certificates.md":              "# Certificates\n\nA certificate is renewed before it expires. Renewal takes a minute.\n",
	"releases/release-notes-1.md":  "# Release 1\n\nA certificate is renewed before it expires. Renewal takes a minute, certificates renewed twice are kept.\n",
	"scheduling.md":                "# Scheduling\n\nThe scheduler picks a node. Deployments and replicas are spread over nodes.\n",
	"troubleshooting/challenge.md": "# Challenges\n\nWaiting for http-01 challenge propagation: the wrong status code 404 means that the ingress doesn't answer.\n",
}

// TestMisspelt asks as people type.
func TestMisspelt(t *testing.T) {
	x := built(t, platform)
	for question, page := range map[string]string{
		"kuberntes ingres":                          "ingress.md", // a letter missing in each
		"kubrnetes inrgess":                         "ingress.md", // missing, swapped
		"how are certifcates renewd":                "certificates.md",
		"certfictae renewal":                        "certificates.md", // two mistakes in one word
		"persitentvolumeclaim":                      "volumes.md",
		"whihc node does the schedular pick":        "scheduling.md",
		"persistent volume claim storage":           "volumes.md", // written apart
		"ingres":                                    "ingress.md", // a letter too few, no plural
		"ingresstls":                                "ingress.md", // written as one
		"PERSISTENTVOLUMECLAIM!!!":                  "volumes.md",
		"mount volume set up failed, what now?? :(": "volumes.md",
	} {
		if results := x.Search(question, 3); len(results) == 0 || results[0].Page != page {
			t.Errorf("%q: got %+v, want %s first", question, results, page)
		}
	}
}

// TestPasted asks with what a terminal said, whole.
func TestPasted(t *testing.T) {
	x := built(t, platform)
	trace := strings.Repeat("goroutine 12 [running]:\n\tmain.serve(0xc000123, 0x7f)\n\t/src/cmd/serve.go:112 +0x1f3\n", 400)
	for question, page := range map[string]string{
		"Warning  FailedMount  3m (x12 over 25m)  kubelet  MountVolume.SetUp failed for volume \"pvc-3f1b\" : mount failed: exit status 32": "volumes.md",
		"E1123 07:12:11.123 challenges.go:88] Waiting for http-01 challenge propagation: wrong status code '403', expected '200'":           "troubleshooting/challenge.md",
		"it says\n```\n" + trace + "```\nMountVolume.SetUp failed":                                                                          "volumes.md",
	} {
		if results := x.Search(question, 3); len(results) == 0 || results[0].Page != page {
			t.Errorf("%.60q: got %+v, want %s first", question, results, page)
		}
	}
}

// TestDated prefers what holds now, unless the question is about a version.
func TestDated(t *testing.T) {
	x := built(t, platform)
	for question, page := range map[string]string{
		"when is a certificate renewed": "certificates.md",
		"what did release 1 change":     "releases/release-notes-1.md",
	} {
		if results := x.Search(question, 3); len(results) == 0 || results[0].Page != page {
			t.Errorf("%q: got %+v, want %s first", question, results, page)
		}
	}
	for p, want := range map[string]bool{
		"releases/release-notes/release-notes-1.3": true, "blog/2024/hello": true, "operator-manual/upgrading/1.7-1.8": true, "CHANGELOG": true,
		"docs/proposals/sharding": true, "versions": true, "whats-new": true,
		"tasks/releasing": false, "concepts/version-skew": false, "operations/blogger": false, "conversions": false, "user-guide/history-limits": false,
	} {
		if got := datedPage.MatchString(p); got != want {
			t.Errorf("%s: got %v", p, got)
		}
	}
}

func TestTwoEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"certfictae", "certificate", true},
		{"deplyoemnt", "deployment", true},
		{"kubernets", "kubernetes", true},
		{"configration", "configuration", true},
		{"contianerz", "container", true},
		{"container", "retainer", false},
		{"deployment", "deploy", false},
		{"annotation", "annotating", true},
		{"scheduler", "schedules", true},
	} {
		if got := twoEdits(c.a, []byte(c.b)); got != c.want {
			t.Errorf("%s, %s: got %v", c.a, c.b, got)
		}
	}
}

// TestLeading compares the few that are picked with a full sort.
func TestLeading(t *testing.T) {
	var hits []hit
	for i := range 300 {
		hits = append(hits, hit{page: i, score: float64((i * 7919) % 40)})
	}
	sorted := leading(slices.Clone(hits), 100)
	for _, n := range []int{1, 5, 10, 32} {
		if got := leading(slices.Clone(hits), n); !slices.Equal(got, sorted[:n]) {
			t.Errorf("%d: got %v, want %v", n, got, sorted[:n])
		}
	}
	if got := leading(slices.Clone(hits[:3]), 10); len(got) != 3 || got[0].score < got[1].score || got[1].score < got[2].score {
		t.Errorf("of three: got %v", got)
	}
}
