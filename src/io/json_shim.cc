/*
 * json_shim.cc - simdjson behind functions that C can call.
 *
 * What it is:   the only C++ of the project; json_shim.h is its contract.
 */
#include "io/json_shim.h"

#include <charconv>
#include <new>
#include <simdjson.h>

static_assert(JSON_SHIM_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson reads further");

static simdjson::dom::parser *parser_of(void *parser)
{
	return static_cast<simdjson::dom::parser *>(parser);
}

void *json_shim_new(void)
{
	return new (std::nothrow) simdjson::dom::parser();
}

void json_shim_free(void *parser)
{
	delete parser_of(parser);
}

bool json_shim_reserve(void *parser, size_t bytes, size_t depth)
{
	simdjson::dom::parser *p = parser_of(parser);
	/* The tape as well: left to itself it grows by a little with each larger document. */
	return p->allocate(bytes, depth) == simdjson::SUCCESS &&
	       p->doc.allocate(bytes) == simdjson::SUCCESS;
}

enum json_shim_result json_shim_parse(void *parser, const char *padded, size_t n,
				      struct json_tape *tape_r)
{
	simdjson::dom::parser *p = parser_of(parser);
	simdjson::dom::element root;
	simdjson::error_code code = p->parse(padded, n, false).get(root);
	if (code == simdjson::MEMALLOC)
		return JSON_SHIM_NOMEM;
	if (code != simdjson::SUCCESS)
		return JSON_SHIM_WRONG;
	/* The first word says where the last one stands. */
	const uint64_t *words = p->doc.tape.get();
	tape_r->words = words;
	tape_r->n = static_cast<size_t>(words[0] & 0x00FFFFFFFFFFFFFF);
	tape_r->strings = reinterpret_cast<const char *>(p->doc.string_buf.get());
	return JSON_SHIM_OK;
}

size_t json_shim_print_real(char text[32], double v)
{
	return static_cast<size_t>(std::to_chars(text, text + 32, v).ptr - text);
}
