// Command kubernetes prints the fields of the Kubernetes kinds that
// internal/kit checks, read from the real types. The table is committed, so
// that the bot checks strictly, with positions, without carrying the types:
// they add 3.5 MB and a dozen modules to the binary.
//
//	go run ./kubernetes >../internal/kit/kubernetes.txt
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// kinds are what a file may hold.
func kinds() []struct {
	version string
	object  any
} {
	return []struct {
		version string
		object  any
	}{
		{"apps/v1", appsv1.Deployment{}},
		{"apps/v1", appsv1.StatefulSet{}},
		{"apps/v1", appsv1.DaemonSet{}},
		{"batch/v1", batchv1.Job{}},
		{"batch/v1", batchv1.CronJob{}},
		{"v1", corev1.Pod{}},
		{"v1", corev1.Service{}},
		{"v1", corev1.ServiceAccount{}},
		{"v1", corev1.ConfigMap{}},
		{"v1", corev1.Secret{}},
		{"v1", corev1.PersistentVolumeClaim{}},
		{"policy/v1", policyv1.PodDisruptionBudget{}},
		{"autoscaling/v2", autoscalingv2.HorizontalPodAutoscaler{}},
		{"networking.k8s.io/v1", networkingv1.Ingress{}},
		{"networking.k8s.io/v1", networkingv1.NetworkPolicy{}},
	}
}

func main() {
	if err := write(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// write prints the table: comments, a line a kind, a line a type.
func write(out io.Writer) error {
	t := table{types: map[string]string{}}
	lines := []string{
		"# The fields of the kinds that kit checks, from k8s.io/api v0.37.2 by tools/kubernetes.",
		"# kind VERSION KIND TYPE; then a line a type: TYPE FIELD=TYPE …",
	}
	for _, k := range kinds() {
		typ := reflect.TypeOf(k.object)
		lines = append(lines, fmt.Sprintf("kind %s %s %s", k.version, typ.Name(), t.name(typ)))
	}
	if t.err != nil {
		return t.err
	}
	var types []string
	for name, fields := range t.types {
		types = append(types, strings.TrimRight(name+" "+fields, " "))
	}
	slices.Sort(types)
	_, err := fmt.Fprintln(out, strings.Join(append(lines, types...), "\n"))
	return err
}

type table struct {
	types map[string]string
	err   error
}

// name is the word for a type in the table; structs are added to it.
func (t *table) name(typ reflect.Type) string {
	switch typ {
	case reflect.TypeFor[resource.Quantity]():
		return "quantity"
	case reflect.TypeFor[intstr.IntOrString]():
		return "int-or-string"
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime](), reflect.TypeFor[time.Time]():
		return "time"
	case reflect.TypeFor[metav1.FieldsV1](), reflect.TypeFor[runtime.RawExtension]():
		return "any"
	case reflect.TypeFor[[]byte]():
		return "string"
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return t.name(typ.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "integer"
	case reflect.Slice:
		return "[]" + t.name(typ.Elem())
	case reflect.Map:
		return "map:" + t.name(typ.Elem())
	case reflect.Struct:
		name := group(typ) + "." + typ.Name()
		if _, known := t.types[name]; !known {
			t.types[name] = "" // a type may lead back to itself
			t.types[name] = strings.Join(t.fields(typ), " ")
		}
		return name
	}
	t.err = fmt.Errorf("no word for the type %s", typ)
	return ""
}

func (t *table) fields(typ reflect.Type) []string {
	var found []string
	for i := range typ.NumField() {
		field := typ.Field(i)
		tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case !field.IsExported() || tag == "-":
		case tag == "" && (field.Anonymous || strings.Contains(options, "inline")):
			inner := field.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			found = append(found, t.fields(inner)...)
		case tag == "":
			t.err = fmt.Errorf("the field %s of %s has no name", field.Name, typ)
		default:
			found = append(found, tag+"="+t.name(field.Type))
		}
	}
	return found
}

// group is the folder of the API group: core for k8s.io/api/core/v1.
func group(typ reflect.Type) string {
	parts := strings.Split(typ.PkgPath(), "/")
	return parts[len(parts)-2]
}
