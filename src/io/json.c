/*
 * json.c - documents into trees, by way of simdjson's tape.
 *
 * What it is:   copies the document behind which simdjson wants room to read, parses, counts the
 *               values on the tape, and lays them out as one array of nodes; texts are copied in
 * one piece. Where simdjson refuses, json_where.c says why. Promises:     two allocations from the
 * arena per document; the parser's own memory grows to the largest document seen and stays.
 * Threads:      a parser belongs to one thread at a time.
 */
#include "io/json.h"

#include "base/mem.h"
#include "io/json_int.h"
#include "io/json_shim.h"

#include <string.h>

#define PADDED_BYTES_MIN (16 * KIB)
/* simdjson counts bytes in 32 bits, and a document may grow when it is widened. */
#define DOCUMENT_BYTES_MOST GIB
/* simdjson does not count the innermost level when it is empty; ours is checked again. */
#define SHIM_DEPTH (JSON_DEPTH_MAX + 1)

struct json_parser {
	void *shim;
	char *padded;
	size_t cap; /* document bytes that fit, padding not counted */
	size_t bytes_max;
};

bool json_parser_new(struct json_parser **p_r, size_t document_bytes_max, err *e)
{
	struct json_parser *p = mem_zalloc(1, sizeof *p);
	if (!p)
		return err_nomem(e);
	p->bytes_max = MIN(document_bytes_max, DOCUMENT_BYTES_MOST);
	p->shim = json_shim_new();
	if (!p->shim) {
		json_parser_free(&p);
		return err_nomem(e);
	}
	*p_r = p;
	return true;
}

void json_parser_free(struct json_parser **parser)
{
	struct json_parser *p = *parser;
	if (!p)
		return;
	*parser = NULL;
	if (p->shim)
		json_shim_free(p->shim);
	mem_free(p->padded);
	mem_free(p);
}

static bool reserve(struct json_parser *p, size_t bytes, err *e)
{
	if (p->padded && bytes <= p->cap)
		return true;
	size_t cap = MAX(p->cap, PADDED_BYTES_MIN);
	while (cap < bytes)
		cap *= 2;
	/* Nothing in the old block is needed: two blocks at once would be. */
	mem_free(p->padded);
	p->cap = 0;
	p->padded = mem_alloc(cap + JSON_SHIM_PADDING);
	if (!p->padded || !json_shim_reserve(p->shim, cap, SHIM_DEPTH))
		return err_nomem(e);
	p->cap = cap;
	return true;
}

enum { TAPE_KEY_OR_TEXT = '"', TAPE_INT = 'l', TAPE_UINT = 'u', TAPE_REAL = 'd' };

static inline unsigned tape_type(uint64_t word)
{
	return (unsigned)(word >> 56);
}

static inline uint64_t tape_value(uint64_t word)
{
	return word & UINT64_C(0x00FFFFFFFFFFFFFF);
}

static inline uint32_t string_length(const char *strings, uint64_t at)
{
	uint32_t n;
	memcpy(&n, strings + at, sizeof n);
	return n;
}

struct counts {
	size_t nodes;
	size_t string_bytes; /* of the tape's strings with their lengths */
};

/* Values on the tape (keys are none), and how far its strings reach: they stand in the order of the
 * document, so the last one tells. False: nested too deep. */
static bool tape_count(const struct json_tape *t, struct counts *c)
{
	uint64_t objects = 0; /* bit per level: is it an object */
	int depth = 0;
	bool key_next = false;
	size_t last_string = SIZE_MAX;
	c->nodes = 0;
	for (size_t i = 1; i < t->n; i++) {
		switch (tape_type(t->words[i])) {
		case '{':
		case '[':
			if (depth++ == JSON_DEPTH_MAX)
				return false;
			key_next = tape_type(t->words[i]) == '{';
			objects = objects << 1 | key_next;
			c->nodes++;
			continue;
		case '}':
		case ']':
			depth--;
			objects >>= 1;
			break;
		case TAPE_KEY_OR_TEXT:
			last_string = i;
			if (key_next) {
				key_next = false;
				continue;
			}
			c->nodes++;
			break;
		case TAPE_INT:
		case TAPE_UINT:
		case TAPE_REAL:
			i++;
			c->nodes++;
			break;
		default:
			c->nodes++;
			break;
		}
		key_next = objects & 1;
	}
	c->string_bytes = 0;
	if (last_string != SIZE_MAX) {
		uint64_t at = tape_value(t->words[last_string]);
		c->string_bytes = at + sizeof(uint32_t) + string_length(t->strings, at);
	}
	return true;
}

static inline str string_at(const char *strings, uint64_t word)
{
	uint64_t at = tape_value(word);
	return (str){ strings + at + sizeof(uint32_t), string_length(strings, at) };
}

/* Writes the plain value at tape place i; returns how many words it takes. */
static inline size_t node_set(struct json *node, const uint64_t *words, size_t i,
			      const char *strings)
{
	switch (tape_type(words[i])) {
	case TAPE_KEY_OR_TEXT:
		node->kind = JSON_TEXT;
		node->text = string_at(strings, words[i]);
		return 1;
	case TAPE_INT:
		node->kind = JSON_INT;
		memcpy(&node->i, &words[i + 1], sizeof node->i);
		return 2;
	case TAPE_UINT:
		/* simdjson says so only of what is beyond INT64_MAX. */
		node->kind = JSON_REAL;
		node->real = (double)words[i + 1];
		return 2;
	case TAPE_REAL:
		node->kind = JSON_REAL;
		memcpy(&node->real, &words[i + 1], sizeof node->real);
		return 2;
	case 't':
	case 'f':
		node->kind = JSON_BOOL;
		node->b = tape_type(words[i]) == 't';
		return 1;
	default:
		node->kind = JSON_NULL;
		node->i = 0;
		return 1;
	}
}

static void tree_build(const struct json_tape *t, const char *strings, struct json *nodes)
{
	struct json *parents[JSON_DEPTH_MAX + 1];
	struct json above = { .kind = JSON_ARRAY };
	struct json *parent = &above;
	struct json *node = nodes;
	int depth = 0;
	for (size_t i = 1; i < t->n;) {
		unsigned type = tape_type(t->words[i]);
		if (type == '}' || type == ']') {
			parent->span = (uint32_t)(node - parent);
			parent = parents[--depth];
			i++;
			continue;
		}
		node->key = (str){ NULL, 0 };
		if (parent->kind == JSON_OBJECT) {
			node->key = string_at(strings, t->words[i++]);
			type = tape_type(t->words[i]);
		}
		parent->n++;
		node->n = 0;
		node->span = 1;
		if (type == '{' || type == '[') {
			node->kind = type == '{' ? JSON_OBJECT : JSON_ARRAY;
			node->i = 0;
			parents[depth++] = parent;
			parent = node;
			i++;
		} else {
			i += node_set(node, t->words, i, strings);
		}
		node++;
	}
}

/* *deep_r: refused for its depth. */
static bool build(const struct json_tape *t, struct arena *a, const struct json **root_r,
		  bool *deep_r, err *e)
{
	struct counts c;
	*deep_r = !tape_count(t, &c);
	if (*deep_r)
		return false;
	/* Children and spans are counted in 32 bits; a document of 1 GiB holds fewer values. */
	CHECK(c.nodes <= UINT32_MAX);
	struct json *nodes = arena_alloc(a, c.nodes * sizeof *nodes);
	char *strings = arena_alloc(a, c.string_bytes);
	if (!nodes || !strings)
		return arena_err(a, e);
	if (c.string_bytes > 0)
		memcpy(strings, t->strings, c.string_bytes);
	tree_build(t, strings, nodes);
	*root_r = nodes;
	return true;
}

/* Parses what stands in p->padded; *refused_r: it is no JSON, or too deep. */
static bool parse_padded(struct json_parser *p, size_t n, struct arena *a,
			 const struct json **root_r, bool *refused_r, err *e)
{
	memset(p->padded + n, 0, JSON_SHIM_PADDING);
	struct json_tape tape;
	enum json_shim_result result = json_shim_parse(p->shim, p->padded, n, &tape);
	*refused_r = result == JSON_SHIM_WRONG;
	if (result == JSON_SHIM_NOMEM)
		return err_nomem(e);
	return result == JSON_SHIM_OK && build(&tape, a, root_r, refused_r, e);
}

/* Says what is wrong; or, when only integers beyond 64 bits are, reads them as reals. */
static bool parse_again(struct json_parser *p, str document, struct arena *a,
			const struct json **root_r, err *e)
{
	size_t wide;
	bool refused = true;
	if (!json_check(document, &wide, e))
		return false;
	if (wide > 0) {
		/* Such an integer has 19 digits at least: it grows by a tenth, not by 2^64. */
		if (!reserve(p, document.n + 2 * wide, e))
			return false;
		size_t n = json_widen(document, p->padded);
		if (parse_padded(p, n, a, root_r, &refused, e))
			return true;
	}
	return refused ? err_set(e, ERR_INVALID, "this cannot be read as JSON") : false;
}

bool json_parse(struct json_parser *p, str document, struct arena *a, const struct json **root_r,
		err *e)
{
	static const char MARK[] = "\xEF\xBB\xBF";
	if (document.n > p->bytes_max)
		return err_set(e, ERR_LIMIT, "the document has %zu bytes; at most %zu are taken",
			       document.n, p->bytes_max);
	if (str_starts(document, str_of(MARK)))
		document = str_sub(document, 3, document.n);
	if (!reserve(p, document.n, e))
		return false;
	if (document.n > 0)
		memcpy(p->padded, document.p, document.n);
	bool refused;
	if (parse_padded(p, document.n, a, root_r, &refused, e))
		return true;
	return refused && parse_again(p, document, a, root_r, e);
}

const struct json *json_first(const struct json *parent)
{
	return parent->n > 0 && parent->kind >= JSON_ARRAY ? parent + 1 : NULL;
}

const struct json *json_after(const struct json *parent, const struct json *child)
{
	const struct json *after = child + child->span;
	return after < parent + parent->span ? after : NULL;
}

const struct json *json_get(const struct json *object, str key)
{
	const struct json *found = NULL;
	if (!object || object->kind != JSON_OBJECT)
		return NULL;
	for (const struct json *c = json_first(object); c; c = json_after(object, c)) {
		if (str_eq(c->key, key))
			found = c;
	}
	return found;
}

str json_text_of(const struct json *object, str key)
{
	const struct json *node = json_get(object, key);
	return node && node->kind == JSON_TEXT ? node->text : (str){ NULL, 0 };
}
