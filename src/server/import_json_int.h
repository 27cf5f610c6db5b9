/*
 * import_json_int.h - imports, jobs and previews as JSON.
 */
#ifndef TRICHTER_SERVER_IMPORT_JSON_INT_H
#define TRICHTER_SERVER_IMPORT_JSON_INT_H

#include "io/json.h"
#include "server/uploads_int.h"

/* A parsed node as text again. */
void import_put_node(struct buf *b, const struct json *node);
void import_put_preview(struct buf *b, str name, const struct load_preview *p);
void import_put_fields(struct buf *b, enum load_kind kind);
void import_put_job(struct buf *b, const struct import_job *job);

struct import_list_out {
	struct buf *b;
	struct arena *arena;
	uint64_t only; /* one import, as an object; 0: all, as a list */
	bool found;
};
bool import_put_list(struct import_list_out *out, struct imports *im,
		     const struct import_info *list, size_t n, err *e) MUST_CHECK;

#endif
