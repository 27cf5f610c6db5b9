/*
 * json_shim.h - the few calls into C++ that the project makes: simdjson, and shortest numbers.
 *
 * What it is:   a C face on simdjson's DOM parser, which leaves the document as a "tape" of 64-bit
 *               words (doc/tape.md there): the type in the top byte, below it a place or a count;
 *               numbers have their value in the word that follows.
 * Promises:     no exceptions, no C++ types; memory comes from the C++ runtime, not from mem.h.
 */
#ifndef TRICHTER_JSON_SHIM_H
#define TRICHTER_JSON_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Readable bytes that must stand behind a document. */
#define JSON_SHIM_PADDING 64

struct json_tape {
	const uint64_t *words;
	size_t n;
	const char *strings; /* each: 4 bytes of length, the text, a NUL */
};

enum json_shim_result { JSON_SHIM_OK, JSON_SHIM_WRONG, JSON_SHIM_NOMEM };

/* NULL: no memory. */
void *json_shim_new(void);
void json_shim_free(void *parser);
/* Makes the parser fit for documents of `bytes` and for `depth` levels. */
bool json_shim_reserve(void *parser, size_t bytes, size_t depth);
/* `n` is at most what was reserved; the tape is valid until the next call. */
enum json_shim_result json_shim_parse(void *parser, const char *padded, size_t n,
				      struct json_tape *tape_r);

/* The shortest text that reads back as the same finite double; at most 32 bytes. Returns its
 * length. */
size_t json_shim_print_real(char text[32], double v);

#ifdef __cplusplus
}
#endif

#endif
