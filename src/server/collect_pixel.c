/*
 * collect_pixel.c - /t.gif: a touch without any script.
 *
 * What it is:   the parameters of the address become a message of Segment's and go the way of all
 *               others: key, type (page unless it says track), event, userId, anonymousId,
 *               messageId, url, referrer, title; p.NAME is a property. The page that shows the
 *               picture is known from its Referer when `url` is not given.
 * Promises:     the answer is a picture of one pixel whatever happens, so that no page shows a
 *               broken one; its status says what happened. It is never kept by a cache.
 */
#include "server/collect_int.h"

#define PIXEL_BODY_BYTES_MAX (32 * KIB)

/* A transparent pixel. */
static const char GIF[] =
	"GIF89a\1\0\1\0\200\0\0\0\0\0\377\377\377!\371\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";

void pixel_answer(struct http_request *r, int status)
{
	http_answer_header(r, "Cross-Origin-Resource-Policy", S("cross-origin"));
	http_answer_static(r, status, "image/gif", str_make(GIF, sizeof GIF - 1));
}

static bool is_member(str name)
{
	static const str NAMES[] = { S("type"),	       S("event"),     S("userId"),
				     S("anonymousId"), S("messageId"), S("name") };
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		if (str_eq(name, NAMES[i]))
			return true;
	}
	return false;
}

static void put(struct json_writer *w, str key, str text)
{
	if (text.n == 0)
		return;
	json_key(w, key);
	json_put_text(w, text);
}

static void put_message(struct json_writer *w, struct collect_call *k)
{
	struct http_request *r = k->http;
	str name, text;
	str url = http_query(r, S("url"));
	json_object_open(w);
	for (size_t at = 0; http_query_each(r, &at, &name, &text);) {
		if (is_member(name))
			put(w, name, text);
	}
	json_key(w, S("context"));
	json_object_open(w);
	json_key(w, S("page"));
	json_object_open(w);
	put(w, S("url"), url.n ? url : k->referer);
	put(w, S("referrer"), http_query(r, S("referrer")));
	put(w, S("title"), http_query(r, S("title")));
	json_object_close(w);
	json_object_close(w);
	json_key(w, S("properties"));
	json_object_open(w);
	for (size_t at = 0; http_query_each(r, &at, &name, &text);) {
		if (str_starts(name, S("p.")))
			put(w, str_sub(name, 2, name.n), text);
	}
	json_object_close(w);
	json_object_close(w);
}

bool collect_pixel(struct request *q, struct answer *a, err *e)
{
	struct collect_call *k = call_take(q->server->collect, q->http);
	struct buf b CLEANUP(buf_fini);
	struct json_writer w;
	(void)e;
	a->sent = true;
	buf_init(&b, PIXEL_BODY_BYTES_MAX);
	if (!k) {
		status_refused(q->server->collect);
		pixel_answer(q->http, 429);
		return true;
	}
	k->is_pixel = true;
	k->type = S("page");
	k->token = http_query(q->http, S("key"));
	json_writer_init(&w, &b, false);
	put_message(&w, k);
	k->body = b.over || b.nomem ? S("") : str_dup(&k->arena, buf_view(&b));
	call_run(k);
	return true;
}
