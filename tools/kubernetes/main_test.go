package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

const kit = "../../internal/kit"

func TestTableIsUpToDate(t *testing.T) {
	var now bytes.Buffer
	if err := write(&now); err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile(filepath.Join(kit, "kubernetes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(now.Bytes(), committed) {
		t.Error("internal/kit/kubernetes.txt is not what this program prints: run it again")
	}
}

// What kit renders and accepts, the real types must accept too.
func TestRenderedManifestsDecodeStrictly(t *testing.T) {
	for file, objects := range map[string][]any{
		"several.yaml": {&appsv1.Deployment{}, &corev1.Service{}, &policyv1.PodDisruptionBudget{}},
		"single.yaml":  {&appsv1.Deployment{}, &corev1.Service{}},
	} {
		source, err := os.ReadFile(filepath.Join(kit, "testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		parts := bytes.Split(source, []byte("\n---\n"))
		if len(parts) != len(objects) {
			t.Fatalf("%s has %d objects, want %d", file, len(parts), len(objects))
		}
		for i, part := range parts {
			if err := yaml.UnmarshalStrict(part, objects[i]); err != nil {
				t.Errorf("%s, object %d: %v", file, i+1, err)
			}
		}
	}
}
