/*
 * settings.c - configuration of the company, read for one request.
 *
 * Threads:      workers.
 */
#include "server/settings_int.h"

#include "io/zip.h"

#define DOCUMENT_BYTES_MAX (256 * KIB)

bool settings_begin(struct settings *s, struct request *q, const char *const *names, err *e)
{
	uint64_t hashes[SETTINGS_NAMES_MAX] = { 0 };
	*s = (struct settings){ 0 };
	if (!json_parser_new(&s->parser, DOCUMENT_BYTES_MAX, e))
		return false;
	if (!view_borrow(q->server, &s->view, e)) {
		json_parser_free(&s->parser);
		return false;
	}
	s->snapshot = view_snapshot(s->view);
	bool ok = true;
	for (size_t i = 0; ok && names[i]; i++) {
		CHECK(i < SETTINGS_NAMES_MAX);
		ok = snapshot_config(s->snapshot, str_of(names[i]), q->arena, &s->texts[i], e);
		if (ok)
			hashes[i] = s->texts[i].n ? str_hash(s->texts[i]) : 0;
	}
	s->etag = str_printf(q->arena, "%016llx",
			     (unsigned long long)zip_hash(hashes, sizeof hashes));
	if (ok && s->etag.p)
		return true;
	settings_end(s);
	return ok ? arena_err(q->arena, e) : false;
}

void settings_end(struct settings *s)
{
	view_return(&s->view);
	json_parser_free(&s->parser);
}

const struct json *settings_object(struct settings *s, struct request *q, size_t i)
{
	const struct json *o = NULL;
	err ignored = { 0 }; /* what makes no sense leaves the defaults */
	if (s->texts[i].n == 0 || !json_parse(s->parser, s->texts[i], q->arena, &o, &ignored))
		return NULL;
	return o->kind == JSON_OBJECT ? o : NULL;
}

bool settings_match(const struct settings *s, struct request *q, err *e)
{
	return work_if_match(q, str_printf(q->arena, "\"%.*s\"", STR_ARG(s->etag)), e);
}
