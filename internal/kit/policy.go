package kit

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

// reference is the grammar of image references of the OCI distribution
// specification: [HOST[:PORT]/]PATH[:TAG][@DIGEST].
var reference = regexp.MustCompile(`^([a-zA-Z0-9.-]+(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[a-f0-9]{64})?$`)

// workload is an object that makes pods.
type workload struct {
	object
	template *document.Node // the pod's metadata and spec
	labels   map[string]string
	ports    map[string]bool // containerPorts by number and by name
}

// policy is what our clusters ask for beyond the right fields.
func policy(objects []object) problem.List {
	var found problem.List
	var workloads []workload
	for _, o := range objects {
		if w, makes := podsOf(o); makes {
			found = append(found, w.check()...)
			workloads = append(workloads, w)
		}
	}
	for _, o := range objects {
		switch o.kind {
		case "Service":
			found = append(found, checkService(o, workloads)...)
		case "PodDisruptionBudget":
			found = append(found, checkBudget(o, workloads)...)
		}
	}
	return found
}

func podsOf(o object) (workload, bool) {
	w := workload{object: o, ports: map[string]bool{}}
	switch o.kind {
	case "Deployment", "StatefulSet", "DaemonSet", "Job":
		w.template = o.root.Get("spec").Get("template")
	case "CronJob":
		w.template = o.root.Get("spec").Get("jobTemplate").Get("spec").Get("template")
	case "Pod":
		w.template = o.root
	}
	w.labels = texts(w.template.Get("metadata").Get("labels"))
	for _, c := range w.containers() {
		for _, p := range items(c.Get("ports")) {
			w.ports[fmt.Sprint(p.Get("containerPort").Int())] = true
			w.ports[p.Get("name").Text()] = true
		}
	}
	return w, w.template != nil
}

// containers are those of the pod, those that start first included.
func (w workload) containers() []*document.Node {
	spec := w.template.Get("spec")
	return slices.Concat(items(spec.Get("initContainers")), items(spec.Get("containers")))
}

func (w workload) check() problem.List {
	var found problem.List
	spec := w.template.Get("spec")
	if len(items(spec.Get("containers"))) == 0 {
		return append(found, w.root.Problem("add containers to the pod's spec", "%s has no container", w))
	}
	found = append(found, w.checkSelector()...)
	for _, c := range w.containers() {
		found = append(found, checkContainer(c, spec.Get("securityContext"))...)
	}
	if slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, w.kind) {
		for _, c := range items(spec.Get("containers")) {
			for _, probe := range []string{"livenessProbe", "readinessProbe"} {
				if !c.Has(probe) {
					found = append(found, warning(c.Problem("add "+probe, "the container %s has no %s: Kubernetes cannot tell whether it works", c.Get("name").Text(), probe)))
				}
			}
		}
	}
	return found
}

// checkSelector compares the labels that are looked for with those that the
// pods will have: Kubernetes refuses the object otherwise.
func (w workload) checkSelector() problem.List {
	if !slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, w.kind) {
		return nil
	}
	selector := w.root.Get("spec").Get("selector")
	wanted := selector.Get("matchLabels")
	if selector == nil || wanted == nil && selector.Get("matchExpressions") == nil {
		return problem.List{w.root.Problem("add spec.selector.matchLabels with labels of the pod", "%s does not say which pods are its own", w)}
	}
	var found problem.List
	for _, pair := range pairs(wanted) {
		if w.labels[pair.Key] != pair.Value.Text() {
			found = append(found, pair.Value.Problem("give both the same value", "the selector looks for %s: %s, and the pods have %s", pair.Key, pair.Value.Text(), orNone(w.labels[pair.Key])))
		}
	}
	return found
}

func orNone(label string) string {
	if label == "" {
		return "no such label"
	}
	return label
}

func checkContainer(c, pod *document.Node) problem.List {
	name := c.Get("name").Text()
	if !dnsLabel.MatchString(name) {
		return problem.List{c.Problem("give it a name of lower-case letters, digits and hyphens", "a container has no proper name")}
	}
	var found problem.List
	image := c.Get("image")
	switch complaint, hint := badImage(image.Text()); {
	case image.Text() == "":
		found = append(found, c.Problem("add image", "the container %s has no image", name))
	case complaint != "":
		found = append(found, image.Problem(hint, "%s", complaint))
	}
	resources := c.Get("resources")
	for _, need := range [][2]string{{"requests", "cpu"}, {"requests", "memory"}, {"limits", "memory"}} {
		if resources.Get(need[0]).Get(need[1]) == nil {
			found = append(found, c.Problem(fmt.Sprintf("add resources.%s.%s", need[0], need[1]), "the container %s has no %s for %s", name, strings.TrimSuffix(need[0], "s"), need[1]))
		}
	}
	found = append(found, checkAmounts(resources)...)
	for _, p := range items(c.Get("ports")) {
		found = append(found, checkPort(p, "containerPort", true)...)
	}
	return append(found, checkRights(c, pod)...)
}

// badImage says why an image is refused and what to write; "" where it is not.
func badImage(image string) (complaint, hint string) {
	if !reference.MatchString(image) {
		return fmt.Sprintf("%q is no image", image), "write one such as images.example.com/shop/labels:1.4.2"
	}
	name, digest, pinned := strings.Cut(image, "@")
	tag := ""
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		tag = name[colon+1:]
	}
	switch {
	case pinned && digest != "":
		return "", ""
	case tag == "":
		return fmt.Sprintf("the image %s has neither tag nor digest, so nobody knows what will run", image), "add the version: " + name + ":1.4.2"
	case strings.EqualFold(tag, "latest"):
		return fmt.Sprintf("the image %s is whatever was pushed last, so nobody knows what will run", image), "write a version in place of " + tag
	}
	return "", ""
}

// checkAmounts finds limits below what is reserved: Kubernetes refuses them.
func checkAmounts(resources *document.Node) problem.List {
	var found problem.List
	for _, limit := range pairs(resources.Get("limits")) {
		most, ok := amount(limit.Value)
		least, both := amount(resources.Get("requests").Get(limit.Key))
		if ok && both && most.Cmp(least) < 0 {
			found = append(found, limit.Value.Problem("raise the limit or lower the request", "the limit for %s is below what is requested", limit.Key))
		}
	}
	return found
}

// amount is a quantity as a number; false where the node is none, or written
// with an exponent, which nobody compares by eye either.
func amount(n *document.Node) (*big.Rat, bool) {
	if n == nil || n.Scalar == nil {
		return nil, false
	}
	text := fmt.Sprint(n.Scalar)
	if !quantity.MatchString(text) {
		return nil, false
	}
	digits := strings.TrimRight(text, "numkKMGTPEi")
	value, ok := new(big.Rat).SetString(digits)
	if !ok || strings.ContainsAny(digits, "eE") {
		return nil, false
	}
	suffix := text[len(digits):]
	base, power := int64(1000), strings.Index("num_kMGTPE", suffix)-3
	if prefix, binary := strings.CutSuffix(suffix, "i"); binary {
		base, power = 1024, 1+strings.Index("KMGTPE", prefix)
	}
	if suffix == "" {
		return value, true
	}
	factor := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(max(power, -power))), nil))
	if power < 0 {
		return value.Quo(value, factor), true
	}
	return value.Mul(value, factor), true
}

// checkPort checks the number under key, needed or not.
func checkPort(n *document.Node, key string, needed bool) problem.List {
	port := n.Get(key)
	switch {
	case port == nil && needed:
		return problem.List{n.Problem("add "+key, "a port has no %s", key)}
	case port == nil || port.Kind != document.Int:
		return nil
	case port.Int() < 1 || port.Int() > maxPort:
		return problem.List{port.Problem(fmt.Sprintf("write a number from 1 to %d", maxPort), "%d is no port", port.Int())}
	}
	return nil
}

// checkRights asks for an unprivileged user. What the container does not say,
// the pod says for all of them.
func checkRights(c, pod *document.Node) problem.List {
	own := c.Get("securityContext")
	either := func(key string) *document.Node {
		if n := own.Get(key); n != nil {
			return n
		}
		return pod.Get(key)
	}
	name := c.Get("name").Text()
	var found problem.List
	if n := either("runAsNonRoot"); !n.True() {
		found = append(found, c.Problem("add securityContext.runAsNonRoot: true", "the container %s may run as root", name))
	}
	if n := either("runAsUser"); n != nil && n.Kind == document.Int && n.Int() == 0 {
		found = append(found, n.Problem("write another user, such as 10001", "the container %s runs as root", name))
	}
	if n := own.Get("privileged"); n.True() {
		found = append(found, n.Problem("remove it", "the container %s has every right on its node", name))
	}
	if n := own.Get("allowPrivilegeEscalation"); n == nil || n.True() {
		found = append(found, warning(c.Problem("add securityContext.allowPrivilegeEscalation: false", "a program of the container %s may gain rights", name)))
	}
	return found
}

func checkService(o object, workloads []workload) problem.List {
	var found problem.List
	if o.name != "" && (o.name[0] < 'a' || o.name[0] > 'z') {
		found = append(found, o.root.Get("metadata").Get("name").Problem("begin with a letter", "%q cannot be the name of a Service", o.name))
	}
	spec := o.root.Get("spec")
	ports := items(spec.Get("ports"))
	if len(ports) == 0 && spec.Get("type").Text() != "ExternalName" && spec.Get("clusterIP").Text() != "None" {
		found = append(found, o.root.Problem("add spec.ports", "%s has no port", o))
	}
	selector := spec.Get("selector")
	target, matched := matching(texts(selector), workloads)
	if selector != nil && len(workloads) > 0 && !matched {
		found = append(found, selector.Problem("use the labels of the pods", "%s selects no pod of this file", o))
	}
	for _, p := range ports {
		found = append(found, checkPort(p, "port", true)...)
		found = append(found, checkPort(p, "targetPort", false)...)
		goal := p.Get("targetPort")
		if goal == nil {
			goal = p.Get("port")
		}
		if matched && goal != nil && goal.Scalar != nil && len(target.ports) > 0 && !target.ports[fmt.Sprint(goal.Scalar)] {
			found = append(found, warning(goal.Problem("name a port of the container", "no container of %s listens on %v", target, goal.Scalar)))
		}
	}
	return found
}

func checkBudget(o object, workloads []workload) problem.List {
	spec := o.root.Get("spec")
	selector := spec.Get("selector")
	w, matched := matching(texts(selector.Get("matchLabels")), workloads)
	switch {
	case selector.Get("matchLabels") != nil && len(workloads) > 0 && !matched:
		return problem.List{selector.Problem("use the labels of the pods", "%s selects no pod of this file", o)}
	case !matched:
		return nil
	}
	replicas := w.root.Get("spec").Get("replicas")
	keep, give := spec.Get("minAvailable"), spec.Get("maxUnavailable")
	if keep != nil && keep.Kind == document.Int && replicas != nil && keep.Int() >= replicas.Int() || give != nil && give.Kind == document.Int && give.Int() == 0 {
		return problem.List{warning(o.root.Problem("leave room for one pod to move", "%s lets no pod move, so no node can be emptied", o))}
	}
	return nil
}

// matching is the first workload whose pods have all labels of selector.
func matching(selector map[string]string, workloads []workload) (workload, bool) {
	if len(selector) == 0 {
		return workload{}, false
	}
	i := slices.IndexFunc(workloads, func(w workload) bool {
		for key, value := range selector {
			if w.labels[key] != value {
				return false
			}
		}
		return true
	})
	if i < 0 {
		return workload{}, false
	}
	return workloads[i], true
}

func warning(p problem.Problem) problem.Problem {
	p.Severity = problem.Warning
	return p
}

func items(n *document.Node) []*document.Node {
	if n == nil {
		return nil
	}
	return n.Items
}

func pairs(n *document.Node) []document.Pair {
	if n == nil {
		return nil
	}
	return n.Pairs
}

func texts(n *document.Node) map[string]string {
	found := map[string]string{}
	for _, p := range pairs(n) {
		found[p.Key] = p.Value.Text()
	}
	return found
}
