/*
 * json.h - JSON in (on libsimdjson, through one thin C++ shim) and out.
 *
 * What it is:   a parser that validates the whole document and hands out a tree of nodes in an
 *               arena; and a writer that keeps commas and quoting right.
 * Promises:     depth at most JSON_DEPTH_MAX, size at most what the caller says; numbers keep
 *               integers exact up to 64 bits, beyond that they are reals; duplicate keys: the last
 *               one is found by json_get.
 * Threads:      a parser belongs to one thread at a time.
 */
#ifndef TRICHTER_JSON_H
#define TRICHTER_JSON_H

#include "base/buf.h"

#define JSON_DEPTH_MAX 64

enum json_kind { JSON_NULL, JSON_BOOL, JSON_INT, JSON_REAL, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

/* Children of an array or object stand one after another behind it; `next` is the index distance to
 * the sibling, so a subtree is skipped in one step. In an object each child has a key. */
struct json {
	enum json_kind kind;
	uint32_t n;    /* children */
	uint32_t span; /* nodes of this subtree, itself included */
	str key;       /* in an object */
	union {
		bool b;
		int64_t i;
		double real;
		str text;
	};
};

struct json_parser;
bool json_parser_new(struct json_parser **p_r, size_t document_bytes_max, err *e) MUST_CHECK;
void json_parser_free(struct json_parser **p);
/* Nodes and texts live in the arena. The error names line, column and what is wrong. */
bool json_parse(struct json_parser *p, str document, struct arena *a, const struct json **root_r,
		err *e) MUST_CHECK;

/* First child, or NULL; next sibling of `child` below `parent`, or NULL. */
const struct json *json_first(const struct json *parent);
const struct json *json_after(const struct json *parent, const struct json *child);
const struct json *json_get(const struct json *object, str key); /* NULL: no such key */
str json_text_of(const struct json *object, str key);		 /* empty when missing or no text */

/* The writer: values and keys in turn, nesting kept by a stack. */
struct json_writer {
	struct buf *out;
	uint64_t open; /* bit per level: an item was written */
	int depth;
	bool after_key;
	bool pretty; /* two blanks of indentation */
};
void json_writer_init(struct json_writer *w, struct buf *out, bool pretty);
void json_object_open(struct json_writer *w);
void json_object_close(struct json_writer *w);
void json_array_open(struct json_writer *w);
void json_array_close(struct json_writer *w);
void json_key(struct json_writer *w, str key);
void json_put_text(struct json_writer *w, str s); /* bytes that are not UTF-8 become U+FFFD */
void json_put_int(struct json_writer *w, int64_t i);
void json_put_uint(struct json_writer *w, uint64_t i);
void json_put_real(struct json_writer *w, double v); /* not finite: null */
void json_put_bool(struct json_writer *w, bool b);
void json_put_null(struct json_writer *w);

#endif
