package document

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"frontdoor/internal/problem"
)

// Decode puts the object n into the struct that into points to, by the fields'
// yaml tags, and says everything that doesn't fit. Keys that no field has are
// refused; what isn't written, or is written empty, keeps the value that into
// came with. A time.Duration is written as ParseDuration reads it. unknown, if
// not nil, is told of each key that no field has.
func Decode(n *Node, into any, unknown func(*Node)) problem.List {
	d := &decoder{unknown: unknown}
	d.value(n, reflect.ValueOf(into).Elem())
	return few(d.found)
}

type decoder struct {
	found   problem.List
	unknown func(*Node)
}

func (d *decoder) add(p problem.Problem) { d.found = append(d.found, p) }

var durationType = reflect.TypeFor[time.Duration]()

func (d *decoder) value(n *Node, v reflect.Value) {
	if n.Kind == Null || n.Kind == Unread {
		return
	}
	if v.Type() == durationType {
		d.duration(n, v)
		return
	}
	if u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		d.own(n, u)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.value(n, v.Elem())
	case reflect.Struct:
		d.object(n, v)
	case reflect.Map:
		d.table(n, v)
	case reflect.Slice:
		d.list(n, v)
	case reflect.Interface:
		v.Set(reflect.ValueOf(n.Tree()))
	case reflect.String:
		if n.Kind == String {
			v.SetString(n.Text())
			return
		}
		d.wrong(n, String)
	case reflect.Bool:
		if text := n.replacement(); text == "true" || text == "false" {
			v.SetBool(text == "true")
		} else if n.Kind == Bool {
			v.SetBool(n.True())
		} else {
			d.wrong(n, Bool)
		}
	case reflect.Int, reflect.Int64:
		d.whole(n, v)
	case reflect.Float64:
		d.number(n, v)
	default:
		panic(fmt.Sprintf("document: a field of type %s can't be written in YAML", v.Type()))
	}
}

// own decodes what knows its text itself.
func (d *decoder) own(n *Node, u encoding.TextUnmarshaler) {
	text := n.Text()
	if n.Kind == Int && n.Int() == 0 {
		text = "0"
	}
	if n.Kind != String && text == "" {
		d.wrong(n, String)
		return
	}
	if err := u.UnmarshalText([]byte(text)); err != nil {
		d.add(n.Problem("", "%s: %s", name(n), err))
	}
}

// replacement is the text that Replace put into n; "" where it is as written.
func (n *Node) replacement() string {
	if !n.replaced {
		return ""
	}
	return n.Text()
}

// Replace sets the text of the string n, as when a reference is resolved. The
// new text is then taken for numbers and truth values too.
func (n *Node) Replace(text string) {
	n.Scalar, n.replaced, n.style = text, true, folded
}

func (d *decoder) wrong(n *Node, want Kind) {
	c := &checker{}
	c.wrongKind(&Shape{Is: []Kind{want}}, n)
	d.found = append(d.found, c.found...)
}

func (d *decoder) duration(n *Node, v reflect.Value) {
	f := DurationFormat()
	switch {
	case n.Kind == Int && n.Int() == 0:
		v.SetInt(0)
	case n.Kind != String:
		d.add(n.Problem(f.Hint, "%s must be a duration, not %s", name(n), n.Kind))
	default:
		span, err := ParseDuration(n.Text())
		if err != nil {
			d.add(n.Problem(f.Hint, "%s is %q, which is not a duration", name(n), n.Text()))
			return
		}
		v.SetInt(int64(span))
	}
}

func (d *decoder) whole(n *Node, v reflect.Value) {
	if text := n.replacement(); text != "" {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			v.SetInt(i)
			return
		}
	}
	switch f, ok := n.Number(); {
	case n.Kind == Int:
		v.SetInt(int64(n.Int()))
	case ok && f == math.Trunc(f) && math.Abs(f) < 1<<53:
		v.SetInt(int64(f))
	default:
		d.wrong(n, Int)
	}
}

func (d *decoder) number(n *Node, v reflect.Value) {
	if text := n.replacement(); text != "" {
		if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			v.SetFloat(f)
			return
		}
	}
	f, ok := n.Number()
	if !ok {
		d.wrong(n, Float)
		return
	}
	v.SetFloat(f)
}

func (d *decoder) list(n *Node, v reflect.Value) {
	if n.Kind != List {
		d.wrong(n, List)
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items))
	for i, item := range n.Items {
		if item.Kind == Null {
			d.add(item.Problem("write it, or remove the dash", "%s is empty", name(item)))
			continue
		}
		d.value(item, out.Index(i))
	}
	v.Set(out)
}

func (d *decoder) table(n *Node, v reflect.Value) {
	if n.Kind != Object {
		d.wrong(n, Object)
		return
	}
	out := reflect.MakeMapWithSize(v.Type(), len(n.Pairs))
	for _, p := range n.Pairs {
		item := reflect.New(v.Type().Elem()).Elem() // addressable, as fields and elements of slices are
		d.value(p.Value, item)
		out.SetMapIndex(reflect.ValueOf(p.Key), item)
	}
	v.Set(out)
}

func (d *decoder) object(n *Node, v reflect.Value) {
	fields := map[string]reflect.Value{}
	var names []string
	for i := range v.NumField() {
		tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if tag == "" || tag == "-" {
			continue
		}
		fields[tag] = v.Field(i)
		names = append(names, tag)
	}
	if n.Kind != Object {
		c := &checker{}
		shape := &Shape{Is: []Kind{Object}}
		for _, f := range names {
			shape.Fields = append(shape.Fields, Field{Name: f})
		}
		c.wrongKind(shape, n)
		d.found = append(d.found, c.found...)
		return
	}
	for _, p := range n.Pairs {
		field, ok := fields[p.Key]
		if !ok {
			hint := "known here: " + strings.Join(names, ", ")
			if near := problem.Nearest(p.Key, names); near != "" {
				hint = "did you mean " + near + "?"
			}
			d.add(p.Value.KeyProblem(hint, "unknown key %s", p.Key))
			if d.unknown != nil {
				d.unknown(p.Value)
			}
			continue
		}
		d.value(p.Value, field)
	}
}

// Find is the value at path, as Path prints it, or the nearest value above
// that there is.
func (d *Document) Find(path string) *Node {
	n := d.Root
	for n != nil && path != "" {
		var next *Node
		rest := ""
		for _, child := range n.children() {
			at := strings.TrimPrefix(child.Path()[len(n.Path()):], ".")
			tail, ok := strings.CutPrefix(path, at)
			if ok && (tail == "" || tail[0] == '.' || tail[0] == '[') {
				next, rest = child, strings.TrimPrefix(tail, ".")
			}
		}
		if next == nil {
			return n
		}
		n, path = next, rest
	}
	return n
}

func (n *Node) children() []*Node {
	out := append([]*Node(nil), n.Items...)
	for _, p := range n.Pairs {
		out = append(out, p.Value)
	}
	return out
}

// Walk calls visit for n and everything below it, in file order.
func (n *Node) Walk(visit func(*Node)) {
	if n == nil {
		return
	}
	visit(n)
	for _, child := range n.children() {
		child.Walk(visit)
	}
}
