package slacktest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"unicode/utf8"
)

// checked is what inspect has found good.
type checked struct {
	blocks []any
}

const (
	maxText      = 40_000  // of a message
	maxAdvised   = 4_000   // of a message without blocks: more is cut up or hidden
	maxUpdate    = 4_000   // of chat.update
	maxMarkdown  = 12_000  // of markdown_text
	maxBlockText = 10_000  // over all blocks of a message
	maxView      = 250_000 // bytes
	maxMetadata  = 8_000   // bytes
)

// inspect checks blocks, views, chunks, metadata and lengths, which needs no
// lock: it looks at nothing but the call.
func (c *call) inspect() *refusal {
	if c.has("view") {
		return c.inspectView()
	}
	for name, most := range map[string]int{"markdown_text": maxMarkdown, "text": maxText} {
		if utf8.RuneCountInString(c.text(name)) > most {
			return refuse("msg_too_long")
		}
	}
	if utf8.RuneCountInString(c.text("text")) > maxAdvised && len(c.list("blocks")) == 0 {
		c.warn("text_longer_than_advised")
	}
	if c.has("markdown_text") && c.text("markdown_text") != "" && (c.text("text") != "" || len(c.list("blocks")) > 0) && c.name != "chat.stopStream" {
		return refuse("markdown_text_conflict")
	}
	if len(c.list("attachments")) > 100 {
		return refuse("too_many_attachments")
	}
	if refused := checkMetadata(c.metadata()); refused != nil {
		return refused
	}
	if refused := c.inspectChunks(); refused != nil {
		return refused
	}
	if blocks := c.list("blocks"); len(blocks) > 0 {
		if refused := c.s.inspectBlocks(blocks); refused != nil {
			return refused
		}
		c.checked = &checked{blocks: blocks}
	}
	return nil
}

func (s *Server) inspectBlocks(blocks []any) *refusal {
	check := &checker{surface: inMessage}
	s.blocks.check(check, "/blocks", blocks)
	if len(check.faults) > 0 {
		return refuse("invalid_blocks").with(check.faults...)
	}
	if check.text > maxBlockText {
		return refuse("msg_blocks_too_long")
	}
	return nil
}

var eventType = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:-]{0,254}$`)

func checkMetadata(metadata map[string]any) *refusal {
	if len(metadata) == 0 {
		return nil // absent, or {} to remove it
	}
	kind, _ := metadata["event_type"].(string)
	payload, ok := metadata["event_payload"].(map[string]any)
	if !ok || kind == "" {
		return refuse("invalid_metadata_format")
	}
	if !eventType.MatchString(kind) {
		return refuse("invalid_metadata_schema")
	}
	for name := range metadata {
		if name != "event_type" && name != "event_payload" {
			return refuse("invalid_metadata_format")
		}
	}
	if encoded, err := json.Marshal(payload); err != nil || len(encoded) > maxMetadata {
		return refuse("metadata_too_large")
	}
	return nil
}

// inspectChunks checks the chunks of a stream.
func (c *call) inspectChunks() *refusal {
	for i, one := range c.list("chunks") {
		check, at := &checker{surface: inMessage}, fmt.Sprintf("/chunks/%d", i)
		chunk, _ := one.(map[string]any)
		switch chunk["type"] {
		case "markdown_text":
			check.match(at, chunk, shape{fields: map[string]field{"text": must(str(1, maxMarkdown))}})
		case "task_update":
			check.match(at, chunk, shape{fields: map[string]field{
				"id": must(str(1, 255)), "title": must(str(1, 256)), "status": may(oneOf("pending", "in_progress", "complete", "error")),
				"details": may(str(1, 256)), "output": may(str(1, 256)),
				"sources": may(listOf(0, 20, obj(shape{fields: map[string]field{"url": must(address), "text": must(str(1, 255))}}))),
			}})
		case "plan_update":
			check.match(at, chunk, shape{fields: map[string]field{"title": must(str(1, 256))}})
		case "blocks":
			blocks, _ := chunk["blocks"].([]any)
			if len(blocks) > 50 {
				return refuse("msg_blocks_too_many")
			}
			c.s.blocks.check(check, at+"/blocks", blocks)
		default:
			check.fault(at+"/type", "unsupported type: %v", chunk["type"])
		}
		if len(check.faults) > 0 {
			return refuse("invalid_chunks").with(check.faults...)
		}
	}
	return nil
}

func (c *call) inspectView() *refusal {
	return c.s.checkView(c.viewGiven(), "/view")
}

// checkView checks a modal or Home tab, also one that comes with an
// acknowledgement.
func (s *Server) checkView(view map[string]any, at string) *refusal {
	if encoded, err := json.Marshal(view); err != nil || len(encoded) > maxView {
		return refuse("view_too_large")
	}
	fields := map[string]field{
		"private_metadata": may(str(0, 3000)), "callback_id": may(str(0, 255)), "external_id": may(str(0, 255)),
		"blocks": must(func(*checker, string, any) {}),
	}
	check := &checker{}
	switch view["type"] {
	case "modal":
		check.surface = inModal
		fields["title"], fields["submit"], fields["close"] = must(plain(24)), may(plain(24)), may(plain(24))
		fields["clear_on_close"], fields["notify_on_close"], fields["submit_disabled"] = may(boolean), may(boolean), may(boolean)
	case "home":
		check.surface = inHome
	case nil:
		return refuse("invalid_arguments").with("[ERROR] missing required field: type [json-pointer:" + at + "]")
	default:
		return refuse("invalid_arguments").with(fmt.Sprintf("[ERROR] unsupported type: %v [json-pointer:%s/type]", view["type"], at))
	}
	blocks, ok := view["blocks"].([]any)
	if !ok && view["blocks"] != nil {
		check.fault(at+"/blocks", "must be an array")
	}
	if ok && len(blocks) == 0 && check.surface == inModal {
		check.fault(at+"/blocks", "no fewer than 1 items allowed")
	}
	check.match(at, view, shape{fields: fields})
	s.blocks.check(check, at+"/blocks", blocks)
	if check.surface == inModal && check.inputs > 0 && view["submit"] == nil {
		check.fault(at, "`submit` is required when an `input` block is in the view")
	}
	if len(check.faults) > 0 {
		return refuse("invalid_arguments").with(check.faults...)
	}
	return nil
}
