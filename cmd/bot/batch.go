package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// printer writes JSON lines: one object a line, nothing escaped that need not be.
type printer struct {
	buf *bufio.Writer
	enc *json.Encoder
}

func newPrinter(w io.Writer) *printer {
	buf := bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	return &printer{buf: buf, enc: enc}
}

func (p *printer) print(v any) error { return p.enc.Encode(v) }

func (p *printer) flush() error { return p.buf.Flush() }

// lineError is the answer to a line that can't be taken.
type lineError struct {
	Error string `json:"error"`
	Line  int    `json:"line"`
}

// withID puts the id of an input line before its answer.
type withID struct {
	ID     json.RawMessage
	Answer any
}

// MarshalJSON implements json.Marshaler.
func (w withID) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(w.Answer); err != nil {
		return nil, err
	}
	answer := bytes.TrimSpace(b.Bytes())
	if w.ID == nil {
		return answer, nil
	}
	out := append([]byte(`{"id":`), w.ID...)
	if !bytes.Equal(answer, []byte("{}")) {
		out = append(out, ',')
	}
	return append(out, answer[1:]...), nil
}

// batch reads JSON objects a line from standard input and prints an answer for
// each, in the same order. A line that is no object, or lacks the key that
// says what to do, gets an error line and the rest goes on. Blank lines are
// passed over. It ends without error: every line was processed.
func batch(s streams, key string, answer func(text string) (any, error)) error {
	out := newPrinter(s.out)
	in := bufio.NewReaderSize(s.in, 64<<10)
	for line := 1; ; line++ {
		raw, readErr := in.ReadBytes('\n')
		if readErr != nil && !errors.Is(readErr, io.EOF) {
			return errors.Join(fmt.Errorf("read line %d: %w", line, readErr), out.flush())
		}
		if trimmed := bytes.TrimSpace(raw); len(trimmed) > 0 {
			if err := answerLine(out, trimmed, line, key, answer); err != nil {
				return errors.Join(err, out.flush())
			}
			// A caller that waits for one answer before the next question gets it.
			if in.Buffered() == 0 {
				if err := out.flush(); err != nil {
					return err
				}
			}
		}
		if readErr != nil {
			return out.flush()
		}
		if err := s.ctx.Err(); err != nil {
			return errors.Join(fmt.Errorf("stopped at line %d: %w", line, err), out.flush())
		}
	}
}

func answerLine(out *printer, raw []byte, line int, key string, answer func(string) (any, error)) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		return out.print(lineError{fmt.Sprintf("not a JSON object; write {%q: \"…\"}", key), line})
	}
	id := object["id"]
	var text *string // a null is no string
	if err := json.Unmarshal(object[key], &text); err != nil || text == nil {
		return out.print(withID{id, lineError{fmt.Sprintf("%q is missing or not a string", key), line}})
	}
	v, err := answer(*text)
	if err != nil {
		return out.print(withID{id, lineError{err.Error(), line}})
	}
	return out.print(withID{id, v})
}
