/*
 * assets.c - the screens' files and pages.
 *
 * What it is:   `/assets/NAME` and a few files at the root, from the table that web/build.mjs
 *               makes; and the path of every screen, which gets the one page that shows them all.
 * Promises:     nothing is read from a disk, copied or compressed here. A file whose name holds a
 *               hash may be kept for ever; a page is asked for anew each time, and answered with
 *               304 when it is the same.
 * Threads:      on the loops; reads constants only.
 */
#include "server/assets_int.h"

#include <string.h>

#define TRACKER "/t.js"

const struct asset *asset_find(str path)
{
	size_t low = 0, high = assets_n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = str_cmp(str_of(assets[mid].path), path);
		if (order == 0)
			return &assets[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* One item of an Accept header, "name;q=0.5": its name, and its weight in thousandths. */
static str accept_item(str item, unsigned *weight_r)
{
	str name;
	str_next(&item, ';', &name);
	*weight_r = 1000;
	for (str part; str_next(&item, ';', &part);) {
		part = str_trim(part);
		if (part.n < 3 || (part.p[0] != 'q' && part.p[0] != 'Q') || part.p[1] != '=')
			continue;
		unsigned weight = part.p[2] == '1' ? 1000 : 0, unit = 100;
		for (size_t i = 4; i < part.n && unit > 0 && weight < 1000; i++, unit /= 10)
			if (part.p[i] >= '0' && part.p[i] <= '9')
				weight += (unsigned)(part.p[i] - '0') * unit;
		*weight_r = weight;
	}
	return str_trim(name);
}

enum asset_coding asset_coding_choose(str accept_encoding)
{
	enum asset_coding best = ASSET_PLAIN;
	for (str rest = accept_encoding, item; str_next(&rest, ',', &item);) {
		unsigned weight;
		str name = accept_item(item, &weight);
		if (weight == 0)
			continue;
		if (str_eq_nocase(name, str_of("br")))
			best = ASSET_BR;
		else if (str_eq_nocase(name, str_of("gzip")) && best == ASSET_PLAIN)
			best = ASSET_GZIP;
	}
	return best;
}

const char *asset_language_choose(str accept_language)
{
	const char *best = "en";
	unsigned best_weight = 0;
	for (str rest = accept_language, item; str_next(&rest, ',', &item);) {
		unsigned weight;
		str name = accept_item(item, &weight);
		str two = str_sub(name, 0, 2);
		if (weight <= best_weight || (name.n > 2 && name.p[2] != '-'))
			continue;
		if (str_eq_nocase(two, str_of("en")))
			best = "en";
		else if (str_eq_nocase(two, str_of("de")))
			best = "de";
		else
			continue;
		best_weight = weight;
	}
	return best;
}

/* If-None-Match names this content. */
static bool browser_has(const struct http_request *r, const struct asset *f)
{
	str given = http_header(r, str_of("If-None-Match"));
	return given.p && str_contains(given, str_of(f->hash));
}

static bool asset_send(struct request *q, struct answer *a, const struct asset *f)
{
	struct http_request *r = q->http;
	const char *kept = f->immutable ? "public, max-age=31536000, immutable" : "no-cache";
	if (str_eq(str_of(f->path), str_of(TRACKER))) {
		/* For pages of other sites, which ask for it with every page. */
		kept = "public, max-age=3600";
		http_answer_header(r, "Cross-Origin-Resource-Policy", str_of("cross-origin"));
		http_answer_header(r, "Access-Control-Allow-Origin", str_of("*"));
	}
	http_answer_header(r, "Cache-Control", str_of(kept));
	http_answer_header(r, "ETag", str_printf(q->arena, "\"%s\"", f->hash));
	http_answer_header(r, "Vary",
			   str_of(f->path[0] == '/' ? "Accept-Encoding"
						    : "Accept-Encoding, Accept-Language, Cookie"));
	a->sent = true;
	if (browser_has(r, f)) {
		http_answer_static(r, 304, f->type, str_of(""));
		return true;
	}
	str body = str_make((const char *)f->bytes, f->n);
	switch (asset_coding_choose(http_header(r, str_of("Accept-Encoding")))) {
	case ASSET_BR:
		body = str_make((const char *)f->br, f->br_n);
		http_answer_header(r, "Content-Encoding", str_of("br"));
		break;
	case ASSET_GZIP:
		body = str_make((const char *)f->gzip, f->gzip_n);
		http_answer_header(r, "Content-Encoding", str_of("gzip"));
		break;
	case ASSET_PLAIN:
		break;
	}
	http_answer_static(r, 200, f->type, body);
	return true;
}

static bool run_file(struct request *q, struct answer *a, err *e)
{
	const struct asset *f = asset_find(http_path(q->http));
	if (!f)
		return err_set(e, ERR_NOT_FOUND, "there is no such file");
	return asset_send(q, a, f);
}

/* A page in the language that was chosen on this browser, else that the browser asks for; NULL:
 * there is none of that name. */
static const struct asset *page_find(struct request *q, str page)
{
	const char *language = asset_language_choose(
		http_header(q->http, str_of("Accept-Language")));
	str chosen = http_cookie(q->http, str_of("language"));
	if (str_eq(chosen, str_of("en")) || str_eq(chosen, str_of("de")))
		language = str_eq(chosen, str_of("de")) ? "de" : "en";
	return asset_find(str_printf(q->arena, "%.*s.%s.html", STR_ARG(page), language));
}

/* A screen's own page names its script in its head; one that has none gets the common page. */
static bool run_page(struct request *q, struct answer *a, err *e)
{
	str path = http_path(q->http);
	const struct asset *f = page_find(q, str_printf(q->arena, "screen%.*s", STR_ARG(path)));
	if (!f)
		f = page_find(q, str_printf(q->arena, "screen%s", q->route->pattern));
	if (!f)
		f = page_find(q, S("index"));
	if (!f)
		return err_set(e, ERR_NOT_FOUND, "the program was built without its screens");
	return asset_send(q, a, f);
}

/* The home's page asks for the plain funnel at once; an address that asks for another one gets the
 * page that every screen has. */
static bool run_home(struct request *q, struct answer *a, err *e)
{
	size_t at = 0;
	str name, text;
	bool plain = !http_query_each(q->http, &at, &name, &text);
	const struct asset *f = plain ? page_find(q, S("home")) : NULL;
	return f ? asset_send(q, a, f) : run_page(q, a, e);
}

#define FILE_ROUTE(path)                                                                           \
	{                                                                                          \
		.method = "GET", .pattern = path, .may = MAY_ANYONE, .where = HTTP_QUICK,          \
		.run = run_file                                                                    \
	}
#define PAGE_ROUTE(path)                                                                           \
	{                                                                                          \
		.method = "GET", .pattern = path, .may = MAY_ANYONE, .where = HTTP_QUICK,          \
		.run = run_page                                                                    \
	}

/* The pages hold no data: what they show they ask of the API, which knows who may see it. */
static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/",
	  .may = MAY_ANYONE,
	  .where = HTTP_QUICK,
	  .run = run_home },
	FILE_ROUTE("/assets/{file}"),
	FILE_ROUTE("/favicon.svg"),
	FILE_ROUTE("/manifest.webmanifest"),
	FILE_ROUTE("/robots.txt"),
	{ .method = "GET",
	  .pattern = TRACKER,
	  .may = MAY_ANYONE,
	  .where = HTTP_QUICK,
	  .run = run_file,
	  .own_key = true },
	PAGE_ROUTE("/flow"),
	PAGE_ROUTE("/funnels"),
	PAGE_ROUTE("/funnels/new"),
	PAGE_ROUTE("/funnels/{name}"),
	PAGE_ROUTE("/reconcile"),
	PAGE_ROUTE("/people"),
	PAGE_ROUTE("/people/{id}"),
	PAGE_ROUTE("/companies"),
	PAGE_ROUTE("/companies/{id}"),
	PAGE_ROUTE("/deals"),
	PAGE_ROUTE("/deals/{id}"),
	PAGE_ROUTE("/import"),
	PAGE_ROUTE("/import/{id}"),
	PAGE_ROUTE("/settings"),
	PAGE_ROUTE("/settings/{page}"),
	PAGE_ROUTE("/in/{token}"),
	PAGE_ROUTE("/login"),
	PAGE_ROUTE("/setup"),
	PAGE_ROUTE("/gallery"),
};
const struct route_list routes_assets = { rows, sizeof(rows) / sizeof(rows[0]) };
