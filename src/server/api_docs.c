/*
 * api_docs.c - the API, readable: /api for people, /api/v1/openapi.json for programs.
 *
 * What it is:   one page without script, made of the same rows as the document.
 * Threads:      any.
 */
#include "server/openapi_int.h"

#include <string.h>

#define DOCUMENT_BYTES_MAX (8 * MIB)

static const char style[] =
	":root{color-scheme:light dark;--fg:#1b1d20;--bg:#fff;--grey:#6b7076;--line:#e1e3e6;"
	"--get:#0b6e7f;--set:#a8501a}"
	"@media(prefers-color-scheme:dark){:root{--fg:#e6e7e9;--bg:#16181b;--grey:#9aa0a6;"
	"--line:#2d3136;--get:#5fb8c6;--set:#e39a63}}"
	"body{margin:0 auto;max-width:1200px;padding:24px 16px 80px;background:var(--bg);"
	"color:var(--fg);font:15px/24px system-ui,sans-serif}"
	"h1{font-size:28px;line-height:36px;margin:0 0 8px;font-weight:600}"
	"h2{font-size:20px;line-height:28px;margin:48px 0 4px;font-weight:600}"
	"p{margin:0 0 8px;max-width:72ch}a{color:inherit}"
	"nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:16px 0}"
	"details{border-top:1px solid var(--line)}"
	"summary{display:flex;flex-wrap:wrap;gap:0 12px;padding:6px 0;cursor:pointer;"
	"list-style:none}summary::-webkit-details-marker{display:none}"
	"code,pre{font:13px/20px ui-monospace,'Liberation Mono',Menlo,monospace}"
	"summary code{line-height:24px;overflow-wrap:anywhere}"
	".m{display:inline-block;width:64px;font-weight:600}.g{color:var(--get)}"
	".s{color:var(--set)}.q{color:var(--grey);font-size:13px}"
	"table{border-collapse:collapse;width:100%;margin:0 0 12px;font-size:13px}"
	"td,th{padding:4px 16px 4px 0;text-align:left;vertical-align:top;"
	"border-top:1px solid var(--line)}th{color:var(--grey);font-weight:400}"
	"pre{margin:0 0 12px;white-space:pre-wrap;overflow-wrap:anywhere}"
	":focus-visible{outline:2px solid var(--get);outline-offset:2px}";

static void escape(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		switch (*s) {
		case '&':
			buf_cstr(b, "&amp;");
			break;
		case '<':
			buf_cstr(b, "&lt;");
			break;
		case '>':
			buf_cstr(b, "&gt;");
			break;
		case '"':
			buf_cstr(b, "&quot;");
			break;
		default:
			buf_byte(b, (uint8_t)*s);
		}
	}
}

static void put_params(struct buf *b, const struct route *row)
{
	if (row->params == NULL || row->params[0].name == NULL)
		return;
	buf_cstr(b, "<table><tr><th scope=col>parameter<th scope=col>in<th scope=col>"
		    "what<th scope=col>shape</tr>");
	for (const struct route_param *p = row->params; p->name != NULL; p++) {
		buf_cstr(b, "<tr><td><code>");
		escape(b, p->name);
		buf_printf(b, "</code>%s<td>%s<td>", p->required ? " (needed)" : "", p->in);
		escape(b, p->help != NULL ? p->help : "");
		buf_cstr(b, "<td><code>");
		escape(b, p->schema);
		buf_cstr(b, "</code></tr>");
	}
	buf_cstr(b, "</table>");
}

static void put_shape(struct buf *b, const char *what, const char *schema)
{
	if (schema == NULL)
		return;
	const struct schema *named = schema[0] != '{' ? schema_find(str_of(schema)) : NULL;
	buf_printf(b, "<p class=q>%s", what);
	if (named != NULL)
		buf_printf(b, " (%s)", named->name);
	buf_cstr(b, "</p><pre>");
	escape(b, named != NULL ? named->text : schema);
	buf_cstr(b, "</pre>");
}

static void put_route(struct buf *b, const struct route *row)
{
	bool reads = strcmp(row->method, "GET") == 0;
	buf_printf(b, "<details id=\"%s\"><summary><span class=\"m %c\">%s</span><code>", row->id,
		   reads ? 'g' : 's', row->method);
	escape(b, row->pattern);
	buf_cstr(b, "</code><span>");
	escape(b, row->summary);
	buf_printf(b, "</span></summary><p class=q>may: %s</p>", may_name(row->may));
	put_params(b, row);
	put_shape(b, "body", row->body_schema);
	put_shape(b, "answer", row->answer_schema);
	buf_cstr(b, "</details>");
}

static void put_tag(struct buf *b, const struct tag *tag)
{
	const struct route_list *list;
	bool begun = false;
	for (size_t i = 0; (list = route_list_at(i)) != NULL; i++) {
		for (size_t k = 0; k < list->n; k++) {
			const struct route *row = &list->rows[k];
			if (row->summary == NULL || strcmp(row->tag, tag->name) != 0)
				continue;
			if (!begun)
				buf_printf(b, "<section><h2 id=\"tag-%s\">%s</h2><p>%s.</p>",
					   tag->name, tag->name, tag->help);
			begun = true;
			put_route(b, row);
		}
	}
	if (begun)
		buf_cstr(b, "</section>");
}

static bool page(struct request *q, struct answer *a, err *e)
{
	struct buf *b = &a->body;
	(void)q;
	(void)e;
	a->content_type = "text/html; charset=utf-8";
	buf_cstr(b,
		 "<!doctype html><html lang=en><head><meta charset=utf-8>"
		 "<meta name=viewport content=\"width=device-width,initial-scale=1\">"
		 "<title>Trichter: the API</title><link rel=stylesheet href=\"/api.css\"></head>"
		 "<body><header><h1>The API</h1><p>Times are RFC 3339 in UTC, money is in a "
		 "currency's smallest unit, lists are paged by <code>limit</code> and "
		 "<code>after</code>, errors are problem documents. Sign in with a session or send "
		 "a secret key: <code>Authorization: Bearer tsk_...</code>. For programs: "
		 "<a href=\"/api/v1/openapi.json\">OpenAPI 3.1</a>.</p></header>"
		 "<nav aria-label=\"Groups\">");
	for (size_t i = 0; tag_at(i) != NULL; i++)
		buf_printf(b, "<a href=\"#tag-%s\">%s</a>", tag_at(i)->name, tag_at(i)->name);
	buf_cstr(b, "</nav><main>");
	for (size_t i = 0; tag_at(i) != NULL; i++)
		put_tag(b, tag_at(i));
	buf_cstr(b, "</main></body></html>\n");
	return true;
}

static bool stylesheet(struct request *q, struct answer *a, err *e)
{
	(void)e;
	a->sent = true;
	http_answer_header(q->http, "Cache-Control", S("public, max-age=3600"));
	http_answer(q->http, 200, "text/css; charset=utf-8", str_of(style));
	return true;
}

static bool document(struct request *q, struct answer *a, err *e)
{
	(void)q;
	a->body.bytes_max = DOCUMENT_BYTES_MAX;
	return server_openapi(&a->body, e);
}

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api",
	  .may = MAY_ANYONE,
	  .where = HTTP_WORKER,
	  .run = page },
	{ .method = "GET",
	  .pattern = "/api.css",
	  .may = MAY_ANYONE,
	  .where = HTTP_QUICK,
	  .run = stylesheet },
	{ .method = "GET",
	  .pattern = "/api/v1/openapi.json",
	  .may = MAY_ANYONE,
	  .where = HTTP_WORKER,
	  .run = document,
	  .id = "getOpenApi",
	  .tag = "operations",
	  .summary = "This description",
	  .answer_schema = "Object" },
};
const struct route_list routes_docs = { rows, ARRAY_LEN(rows) };
