/*
 * yaml.c - settings and map files into trees of text.
 *
 * What it is:   a builder on libfyaml's events: the library reads the grammar, this refuses what a
 *               settings file needs not have (anchors, aliases, tags, several documents, keys that
 *               are no text, keys given twice) where it stands.
 * Promises:     every scalar is text as written; nothing is printed; an empty document is an empty
 *               map. Recursion is at most YAML_DEPTH_MAX deep. libfyaml's own memory is not from
 *               mem.h; its size is bounded by YAML_BYTES_MAX.
 * Threads:      any number, each its own document.
 */
#include "io/yaml.h"

#include "base/map.h"
#include "base/vec.h"
#include "io/utf8_int.h"

#include <libfyaml.h>
#include <string.h>

/* Up to so many keys are compared with each other; more go through a hash table. */
#define KEYS_COMPARED 16

struct builder {
	struct fy_parser *parser;
	struct fy_diag *diag;
	struct fy_event *event; /* the present one */
	struct arena *a;
	/* Children of the containers that are not closed yet, innermost last. */
	VEC(struct yaml) pending;
	uint32_t line; /* of the last event that had a place */
	uint32_t column;
	err *e;
};

static void builder_fini(struct builder *b)
{
	if (b->event)
		fy_parser_event_free(b->parser, b->event);
	if (b->parser)
		fy_parser_destroy(b->parser);
	if (b->diag)
		fy_diag_destroy(b->diag);
	vec_free(&b->pending);
}

static bool fault(struct builder *b, enum err_code code, const char *what)
{
	return err_set(b->e, code, "line %u, column %u: %s", b->line, b->column, what);
}

static bool library_fault(struct builder *b)
{
	void *at = NULL;
	const struct fy_diag_error *error = fy_diag_errors_iterate(b->diag, &at);
	if (!error || !error->msg)
		return fault(b, ERR_INVALID, "this is not YAML");
	return err_set(b->e, ERR_INVALID, "line %d, column %d: %s", error->line, error->column,
		       error->msg);
}

static bool next_event(struct builder *b)
{
	if (b->event)
		fy_parser_event_free(b->parser, b->event);
	b->event = fy_parser_parse(b->parser);
	if (!b->event)
		return library_fault(b);
	const struct fy_mark *mark = fy_event_start_mark(b->event);
	if (mark) {
		b->line = (uint32_t)mark->line + 1;
		b->column = (uint32_t)mark->column + 1;
	}
	return true;
}

static bool refuse_extras(struct builder *b, const struct fy_token *anchor,
			  const struct fy_token *tag)
{
	if (anchor)
		return fault(b, ERR_INVALID, "anchors (&name) are not taken here");
	if (tag)
		return fault(b, ERR_INVALID,
			     "tags (!name) are not taken here; every value is text");
	return true;
}

static bool build_text(struct builder *b, struct yaml *out)
{
	const struct fy_event_scalar_data *scalar = &b->event->scalar;
	if (!refuse_extras(b, scalar->anchor, scalar->tag))
		return false;
	size_t n = 0;
	const char *p = scalar->value ? fy_token_get_text(scalar->value, &n) : "";
	if (!p)
		return err_nomem(b->e);
	enum fy_scalar_style style = fy_token_scalar_style(scalar->value);
	out->kind = YAML_TEXT;
	out->quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
	/* The library's place is behind the quotation mark. */
	out->column -= out->quoted && out->column > 1;
	/* An escape may have made bytes that are no text ("\xff" is U+00FF, "\ud800" is nothing).
	 */
	if (!str_is_utf8((str){ p, n }))
		return fault(b, ERR_INVALID, "this text is not valid UTF-8");
	out->text = str_dup(b->a, (str){ p, n });
	return out->text.n == n || arena_err(b->a, b->e);
}

static bool build_node(struct builder *b, int depth, struct yaml *out);

/* Moves the children from `first` on out of the pending ones. */
static bool close_container(struct builder *b, size_t first, struct yaml *out)
{
	size_t n = b->pending.n - first;
	struct yaml *items = arena_alloc(b->a, n * sizeof *items);
	if (!items)
		return arena_err(b->a, b->e);
	if (n > 0)
		memcpy(items, b->pending.items + first, n * sizeof *items);
	b->pending.n = first;
	out->items = items;
	out->n = n;
	return true;
}

static bool build_list(struct builder *b, int depth, struct yaml *out)
{
	size_t first = b->pending.n;
	for (;;) {
		if (!next_event(b))
			return false;
		if (b->event->type == FYET_SEQUENCE_END)
			return close_container(b, first, out);
		struct yaml item;
		if (!build_node(b, depth, &item))
			return false;
		if (!vec_push(&b->pending, item))
			return err_nomem(b->e);
	}
}

/* The present event is to be a key. */
static bool build_key(struct builder *b, str *key_r)
{
	if (b->event->type == FYET_ALIAS)
		return fault(b, ERR_INVALID, "aliases (*name) are not taken here");
	if (b->event->type != FYET_SCALAR)
		return fault(b, ERR_INVALID, "a key is to be a text, not a list or a map");
	struct yaml key = { 0 };
	if (!build_text(b, &key))
		return false;
	*key_r = key.text;
	return true;
}

/* What a map has gathered so far, for finding keys given twice. */
struct keys {
	size_t first; /* in pending */
	struct map lines;
};

static bool key_twice(struct builder *b, str key, uint64_t line)
{
	return err_set(b->e, ERR_INVALID,
		       "line %u, column %u: \"%.*s\" is given twice, first in line %llu", b->line,
		       b->column, STR_ARG(key), (unsigned long long)line);
}

static bool check_new_key(struct builder *b, struct keys *keys, str key)
{
	size_t n = b->pending.n - keys->first;
	if (n <= KEYS_COMPARED) {
		for (size_t i = keys->first; i < b->pending.n; i++) {
			if (str_eq(b->pending.items[i].key, key))
				return key_twice(b, key, b->pending.items[i].line);
		}
	}
	if (n < KEYS_COMPARED)
		return true;
	size_t from = n == KEYS_COMPARED ? keys->first : b->pending.n;
	for (size_t i = from; i < b->pending.n; i++) {
		if (!map_put(&keys->lines, b->pending.items[i].key, b->pending.items[i].line))
			return err_nomem(b->e);
	}
	uint64_t line;
	if (map_get(&keys->lines, key, &line))
		return key_twice(b, key, line);
	return map_put(&keys->lines, key, b->line) || err_nomem(b->e);
}

static bool build_entries(struct builder *b, int depth, struct keys *keys)
{
	for (;;) {
		if (!next_event(b))
			return false;
		if (b->event->type == FYET_MAPPING_END)
			return true;
		struct yaml item;
		str key;
		if (!build_key(b, &key) || !check_new_key(b, keys, key))
			return false;
		uint32_t line = b->line;
		uint32_t column = b->column;
		if (!next_event(b) || !build_node(b, depth, &item))
			return false;
		if (item.kind != YAML_TEXT || item.text.n == 0) {
			item.line = line;
			item.column = column;
		}
		item.key = key;
		if (!vec_push(&b->pending, item))
			return err_nomem(b->e);
	}
}

static bool build_map(struct builder *b, int depth, struct yaml *out)
{
	struct keys keys = { .first = b->pending.n };
	bool ok = build_entries(b, depth, &keys);
	map_fini(&keys.lines);
	return ok && close_container(b, keys.first, out);
}

/* From the present event on. */
static bool build_node(struct builder *b, int depth, struct yaml *out)
{
	*out = (struct yaml){ .line = b->line, .column = b->column };
	switch (b->event->type) {
	case FYET_SCALAR:
		return build_text(b, out);
	case FYET_ALIAS:
		return fault(b, ERR_INVALID, "aliases (*name) are not taken here");
	case FYET_SEQUENCE_START:
	case FYET_MAPPING_START:
		break;
	default:
		return fault(b, ERR_INVALID, "a value is expected");
	}
	if (depth == YAML_DEPTH_MAX) {
		_Static_assert(YAML_DEPTH_MAX == 32, "the text names it");
		return fault(b, ERR_LIMIT, "nested deeper than 32 levels");
	}
	bool list = b->event->type == FYET_SEQUENCE_START;
	out->kind = list ? YAML_LIST : YAML_MAP;
	const struct fy_token *anchor = list ? b->event->sequence_start.anchor
					     : b->event->mapping_start.anchor;
	const struct fy_token *tag = list ? b->event->sequence_start.tag
					  : b->event->mapping_start.tag;
	if (!refuse_extras(b, anchor, tag))
		return false;
	return list ? build_list(b, depth + 1, out) : build_map(b, depth + 1, out);
}

static bool build_document(struct builder *b, struct yaml *root)
{
	if (!next_event(b) || !next_event(b))
		return false;
	if (b->event->type == FYET_STREAM_END) {
		*root = (struct yaml){ .kind = YAML_MAP, .line = 1, .column = 1 };
		return true;
	}
	if (b->event->type != FYET_DOCUMENT_START || !next_event(b))
		return library_fault(b);
	if (!build_node(b, 0, root) || !next_event(b) || !next_event(b))
		return false;
	if (b->event->type != FYET_STREAM_END)
		return fault(b, ERR_INVALID, "a second document (---) begins here; one is taken");
	return true;
}

/* libfyaml takes such bytes for line ends or for the end of everything. */
static bool check_bytes(str document, err *e)
{
	for (size_t i = 0; i < document.n;) {
		unsigned char c = (unsigned char)document.p[i];
		size_t n = utf8_char(document.p + i, document.n - i);
		bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
		if (n == 0 || control) {
			struct text_place place = text_place(document, i);
			return err_set(e, ERR_INVALID, "line %zu, column %zu: %s", place.line,
				       place.column,
				       control ? "a control character stands here"
					       : "these bytes are not UTF-8");
		}
		i += n;
	}
	return true;
}

bool yaml_parse(str document, struct arena *a, const struct yaml **root_r, err *e)
{
	if (document.n > YAML_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "the file has %zu bytes; at most %zu are taken",
			       document.n, YAML_BYTES_MAX);
	if (str_starts(document, str_of("\xEF\xBB\xBF")))
		document = str_sub(document, 3, document.n);
	if (!check_bytes(document, e))
		return false;
	struct yaml *root = ARENA_NEW(a, struct yaml);
	if (!root)
		return arena_err(a, e);
	struct builder b = { .a = a, .line = 1, .column = 1, .e = e };
	struct fy_diag_cfg diag = { .level = FYET_ERROR, .module_mask = UINT32_MAX };
	b.diag = fy_diag_create(&diag);
	if (b.diag)
		fy_diag_set_collect_errors(b.diag, true);
	struct fy_parse_cfg cfg = {
		.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE, .diag = b.diag
	};
	b.parser = b.diag ? fy_parser_create(&cfg) : NULL;
	bool ok;
	if (!b.parser ||
	    fy_parser_set_string(b.parser, document.n > 0 ? document.p : "", document.n) != 0)
		ok = err_nomem(e);
	else
		ok = build_document(&b, root);
	builder_fini(&b);
	if (ok)
		*root_r = root;
	return ok;
}

const struct yaml *yaml_get(const struct yaml *map, str key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++) {
		if (str_eq(map->items[i].key, key))
			return &map->items[i];
	}
	return NULL;
}
