/*
 * yaml.h - settings and map files, on libfyaml, as the same tree of nodes as JSON.
 *
 * Promises:     every scalar is text (`NO` stays Norway); a node knows its line and column; aliases
 *               and tags are refused, keys given twice as well; size at most YAML_BYTES_MAX, depth
 *               at most YAML_DEPTH_MAX. A map or list below a key stands where its key stands; an
 *               empty document is an empty map.
 */
#ifndef TRICHTER_YAML_H
#define TRICHTER_YAML_H

#include "base/arena.h"
#include "base/str.h"

#define YAML_BYTES_MAX MIB
#define YAML_DEPTH_MAX 32

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_kind kind;
	uint32_t line;		  /* from 1 */
	uint32_t column;	  /* from 1 */
	bool quoted;		  /* a text that was written in quotes */
	str text;		  /* YAML_TEXT */
	str key;		  /* when inside a map */
	const struct yaml *items; /* YAML_LIST, YAML_MAP */
	size_t n;
};

bool yaml_parse(str document, struct arena *a, const struct yaml **root_r, err *e) MUST_CHECK;
const struct yaml *yaml_get(const struct yaml *map, str key); /* NULL: not there */

#endif
